#pragma once

// What the help of a verb says beyond what its declaration says: what is not available yet, and examples. Only who asks
// for help needs it.

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace seki::ctl {

struct Examples {
    std::string_view path;  // of the verb: "cluster add"; '*' is a protocol, also in the lines
    std::array<std::string_view, 2> lines;
};

// Of every verb.
std::span<const Examples> all_examples();

// Puts both into the descriptions of the whole tree.
void complete_help(CLI::App& root);

}  // namespace seki::ctl
