#pragma once

// Scripts that complete the command line in a shell: verbs at each level, options, and values where the command line
// knows which there are. They are whole; nothing asks the server while somebody types.

#include <string>
#include <string_view>
#include <vector>

#include "ctl/description.h"

namespace seki::ctl {

std::string bash_completions(const CommandDescription& root);
std::string zsh_completions(const CommandDescription& root);
std::string fish_completions(const CommandDescription& root);

// ---- for the shells

// The options of the command, and behind them those of the commands above it: they may stand anywhere. Each name is
// there once.
std::vector<OptionDescription> options_at(const CommandDescription& root, const CommandDescription& command);
// 'text' as one word of a shell.
std::string shell_quoted(std::string_view text);
// "a b c"
std::string joined(const std::vector<std::string>& words);

}  // namespace seki::ctl
