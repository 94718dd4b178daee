#pragma once

// The commit that the executable was built from, made at each build (cmake/commit.cmake). Only main.cpp links it, so
// that a commit compiles one small file.

namespace seki {

// "3c4b87a1b2", with "-dirty" where something was not committed; empty outside of a clone.
extern const char* const commit;

}  // namespace seki
