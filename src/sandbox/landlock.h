#pragma once

// Landlock (landlock(7)): the process opens, makes, renames and removes no file, binds no TCP port and signals nobody
// outside. It says a second time what the filter of system calls says, by what is to be had instead of by which call,
// and also holds for what a call would reach that is allowed. Descriptors that are open go on. It knows no rights to
// look at names, modes and owners of files, and to change these two: there the filter is alone.

#include "base/result.h"

namespace seki::sandbox {

// For this thread and those that it begins, for ever; the version of Landlock. 0: this kernel has none, or it is
// switched off there. Needs gain_nothing_by_programs() (capabilities.h).
Result<int> leave_file_system();

}  // namespace seki::sandbox
