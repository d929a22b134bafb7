#ifndef CASK_H
#define CASK_H
#define CASK_VERSION_MAJOR 0
#define CASK_VERSION_MINOR 1
#define CASK_VERSION_PATCH 0
#include <cask/ar.h>
#include <cask/bytes.h>
#include <cask/charset.h>
#include <cask/error.h>
#include <cask/io.h>
#include <cask/pump.h>
#include <cask/sock.h>
#include <cask/text.h>
#include <cask/utf.h>
#include <cask/value.h>
#endif
