#pragma once

// Files of changes, as the command line reads them: to send them to a server, or to compare two of them.

#include <string>
#include <vector>

#include "base/result.h"
#include "command.pb.h"

namespace seki::ctl {

// All changes of the file, in parts that fit into frames of so many bytes; the last one has the options of `last`.
Result<std::vector<command::ChangeSet>> change_sets(const std::string& path, const command::ChangeSet& last,
                                                    size_t max_frame_bytes);

// What is different between the states that two files build from nothing.
Result<command::Differences> differences_between(const std::string& from, const std::string& to);

}  // namespace seki::ctl
