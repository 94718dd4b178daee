#pragma once

// What the supervisor gives up before it opens anything, so that all that it makes (logs, the pid file, the command
// socket, saved states) belongs to who will have to open and remove it later: what that user may not do is an error at
// the start, and none after the first rotation of logs. Only the configuration file is read before, with the
// certificates and keys that it names. What stays is the right to low ports, for listeners that come later.

#include "config/toml/file.h"

namespace seki::supervisor {

// The process becomes `user` of the file, if that is another one; before, it raises its limits by root's right. Errors
// name the key. Must come before everything that starts other processes.
Result<> give_up_privileges(const config::FileConfig& file);

// Of a program that takes over, and is who it was: `user` of the file holds from the next start on.
Result<> keep_privileges_down();

}  // namespace seki::supervisor
