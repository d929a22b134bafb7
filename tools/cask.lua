-- A dissector for Wireshark and tshark: messages with their length in front,
-- and the tags of MFC's objects.
--
--     tshark -X lua_script:cask.lua -d tcp.port==7000,cask -r quote.pcap
--
-- or copy it into Wireshark's folder of personal Lua plugins (Help, About,
-- Folders), and choose ports in its preferences, or by Decode As.
--
-- What a message consists of, only its shape tells (cask-dump(1)); here its
-- body is bytes, but for an object's tag at its beginning, if the preferences
-- say that there is one.  Classes and objects are numbered as if the objects
-- held no others; where they do, the numbers that the bytes themselves have
-- are right, and those in brackets are too low.
--
-- SPDX-License-Identifier: MIT

local cask = Proto("cask", "Cask")

local LENGTH, NONE = 0, 1
local LITTLE, BIG = 0, 1

cask.prefs.ports = Pref.range("TCP ports", "",
	"Ports whose connections carry such messages", 65535)
cask.prefs.framing = Pref.enum("Framing", LENGTH,
	"What is in front of each message",
	{ { 1, "a length of 4 bytes", LENGTH },
	  { 2, "nothing: what comes at once is a message", NONE } }, false)
cask.prefs.order = Pref.enum("Byte order", LITTLE,
	"The order of bytes of lengths and tags",
	{ { 1, "little-endian, as MFC's", LITTLE },
	  { 2, "big-endian", BIG } }, false)
cask.prefs.objects = Pref.bool("Messages are objects", false,
	"Each message begins with the tag of an object by pointer")
cask.prefs.search = Pref.bool("Search for classes", false,
	"Show what looks like the definition of a class in a message")
cask.prefs.most = Pref.uint("Longest message", 67108864,
	"A greater length is none: the stream is something else")
cask.prefs.guess = Pref.bool("Guess", false,
	"Take for such messages whatever looks like them, on any port")

local f = {
	length = ProtoField.uint32("cask.length", "Length"),
	body = ProtoField.bytes("cask.body", "Body"),
	tag = ProtoField.uint16("cask.tag", "Tag", base.HEX),
	kind = ProtoField.string("cask.kind", "Kind"),
	big = ProtoField.uint32("cask.big", "Big tag", base.HEX),
	object = ProtoField.uint32("cask.object", "Object"),
	class = ProtoField.uint32("cask.class", "Class"),
	name = ProtoField.string("cask.name", "Class name"),
	schema = ProtoField.uint16("cask.schema", "Schema"),
	name_length = ProtoField.uint16("cask.name_length", "Length of the name"),
}
cask.fields = f

local e = {
	long = ProtoExpert.new("cask.long", "Longer than any message may be",
		expert.group.MALFORMED, expert.severity.ERROR),
	cut = ProtoExpert.new("cask.cut", "The message ends within the tag",
		expert.group.MALFORMED, expert.severity.ERROR),
	index = ProtoExpert.new("cask.index", "No class has number 0",
		expert.group.MALFORMED, expert.severity.ERROR),
}
cask.experts = e

local stream = Field.new("tcp.stream")

local function u16(tvb, at)
	local range = tvb(at, 2)
	return cask.prefs.order == BIG and range:uint() or range:le_uint()
end

local function u32(tvb, at)
	local range = tvb(at, 4)
	return cask.prefs.order == BIG and range:uint() or range:le_uint()
end

local function add(tree, field, range)
	if cask.prefs.order == BIG then
		return tree:add(field, range)
	end
	return tree:add_le(field, range)
end

-- Numbers.  Of each direction: the next one, and the classes that have one; and
-- the packet behind which it is something else.
-- A packet may be looked at many times: what its messages found the first time
-- is kept, by its number and by the place of the message.

local ways, found

function cask.init()
	ways, found = {}, {}
end

local function way_of(pinfo)
	local key = tostring(stream()) .. " " .. pinfo.src_port
	ways[key] = ways[key] or { next = 1, class = {} }
	return ways[key]
end

local function once(pinfo, at, make)
	local key = pinfo.number .. " " .. at
	found[key] = found[key] or make(way_of(pinfo))
	return found[key]
end

-- Tags

-- The definition of a class at a place, or nil: how long it is, and its parts.
local function definition(tvb, at)
	if tvb:len() - at < 6 or u16(tvb, at) ~= 0xFFFF then
		return nil
	end
	local n = u16(tvb, at + 4)
	if n == 0 or n > 63 or n > tvb:len() - at - 6 then
		return nil
	end
	local name = tvb(at + 6, n):raw()
	if not name:match("^[%a_][%w_:]*$") then
		return nil
	end
	return 6 + n, name
end

local function add_definition(tvb, pinfo, tree, at, place)
	local size, name = definition(tvb, at)
	local class = tree:add(cask, tvb(at, size), "Class " .. name)
	add(class, f.tag, tvb(at, 2))
	class:add(f.kind, tvb(at, 2), "new class"):set_generated()
	add(class, f.schema, tvb(at + 2, 2))
	add(class, f.name_length, tvb(at + 4, 2))
	class:add(f.name, tvb(at + 6, size - 6))
	local n = once(pinfo, place, function(way)
		local number = way.next
		way.class[number] = name
		way.next = number + 2
		return { class = number, object = number + 1 }
	end)
	class:add(f.class, n.class):set_generated()
	class:add(f.object, n.object):set_generated()
	return size
end

-- A new object of a class that came before.
local function add_known(pinfo, tree, range, number, place)
	local n = once(pinfo, place, function(way)
		way.next = way.next + 1
		return { object = way.next - 1, name = way.class[number] }
	end)
	tree:add(f.kind, range, "known class"):set_generated()
	tree:add(f.class, range, number)
	if number == 0 then
		tree:add_proto_expert_info(e.index)
	end
	if n.name ~= nil then
		tree:add(f.name, n.name):set_generated()
	end
	tree:add(f.object, n.object):set_generated()
end

local function add_reference(tree, range, number)
	local kind = number == 0 and "null" or "object"
	tree:add(f.kind, range, kind):set_generated()
	if number > 0 then
		tree:add(f.object, range, number)
	end
end

-- The tag of an object; gives how many bytes it has.
local function add_tag(tvb, pinfo, tree, place)
	if tvb:len() < 2 then
		tree:add_proto_expert_info(e.cut)
		return 0
	end
	local tag, size = u16(tvb, 0), 2
	if tag == 0xFFFF and definition(tvb, 0) ~= nil then
		return add_definition(tvb, pinfo, tree, 0, place)
	end
	if tag == 0xFFFF or (tag == 0x7FFF and tvb:len() < 6) then
		add(tree, f.tag, tvb(0, 2))
		tree:add_proto_expert_info(e.cut)
		return 2
	end
	local is_class, number = tag >= 0x8000, tag % 0x8000
	if tag == 0x7FFF then
		local big = u32(tvb, 2)
		size = 6
		is_class, number = big >= 0x80000000, big % 0x80000000
	end
	local range = tvb(0, size)
	local item = tree:add(cask, range, "Object")
	add(item, f.tag, tvb(0, 2))
	if size == 6 then
		add(item, f.big, tvb(2, 4))
	end
	if is_class then
		add_known(pinfo, item, range, number, place)
	else
		add_reference(item, range, number)
	end
	return size
end

-- Messages

local function search(tvb, pinfo, tree, from, place)
	local at = from
	while at < tvb:len() do
		if definition(tvb, at) ~= nil then
			at = at + add_definition(tvb, pinfo, tree, at,
				place .. "+" .. at)
		else
			at = at + 1
		end
	end
end

local function add_message(tvb, pinfo, tree, place)
	local size = 0
	if cask.prefs.objects then
		size = add_tag(tvb, pinfo, tree, place)
	end
	if size < tvb:len() then
		tree:add(f.body, tvb(size))
	end
	if cask.prefs.search then
		search(tvb, pinfo, tree, size, place)
	end
end

-- One message; gives how many bytes it has, or nil: more are needed, or it is
-- none.
local function framed(tvb, pinfo, tree, at)
	local left = tvb:len() - at
	if left < 4 then
		pinfo.desegment_offset = at
		pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
		return nil
	end
	local n = u32(tvb, at)
	if n > cask.prefs.most then
		local item = tree:add(cask, tvb(at))
		add(item, f.length, tvb(at, 4))
		item:add_proto_expert_info(e.long)
		way_of(pinfo).lost = way_of(pinfo).lost or pinfo.number
		return nil
	end
	if left - 4 < n then
		pinfo.desegment_offset = at
		pinfo.desegment_len = n - (left - 4)
		return nil
	end
	local item = tree:add(cask, tvb(at, 4 + n))
	item:append_text(", a message of " .. n .. " bytes")
	add(item, f.length, tvb(at, 4))
	if n > 0 then
		add_message(tvb(at + 4, n):tvb(), pinfo, item, at)
	end
	return 4 + n
end

function cask.dissector(tvb, pinfo, tree)
	local at, count = 0, 0
	local lost = way_of(pinfo).lost
	if tvb:len() == 0 or (lost ~= nil and pinfo.number > lost) then
		return 0
	end
	pinfo.cols.protocol = "Cask"
	if cask.prefs.framing == NONE then
		local item = tree:add(cask, tvb())
		add_message(tvb, pinfo, item, 0)
		return tvb:len()
	end
	while at < tvb:len() do
		local size = framed(tvb, pinfo, tree, at)
		if size == nil then
			break
		end
		at = at + size
		count = count + 1
	end
	if count > 0 then
		pinfo.cols.info = count .. (count == 1 and " message" or
			" messages")
	end
	return tvb:len()
end

-- Ports

local tcp = DissectorTable.get("tcp.port")
local before = ""

function cask.prefs_changed()
	if before ~= "" then
		tcp:remove(before, cask)
	end
	before = tostring(cask.prefs.ports or "")
	if before ~= "" then
		tcp:add(before, cask)
	end
end

tcp:add_for_decode_as(cask)

-- Off unless it was asked for: a length and as many bytes may be anything.
cask:register_heuristic("tcp", function(tvb, pinfo, tree)
	if not cask.prefs.guess or cask.prefs.framing == NONE then
		return false
	end
	if tvb:len() < 5 or u32(tvb, 0) ~= tvb:len() - 4 then
		return false
	end
	cask.dissector(tvb, pinfo, tree)
	pinfo.conversation = cask
	return true
end)
