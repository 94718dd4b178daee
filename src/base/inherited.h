#pragma once

// What a process takes over from whoever started it, made into what its own code may rely on. Shells, init systems and
// test runners close descriptors, ignore signals and block them for reasons of their own; a child that was not told
// lives with that until something is written to the wrong place or a signal does not come. So every role
// begins with these.

#include <optional>
#include <span>
#include <string>

namespace seki {

// Descriptors 0, 1 and 2 are open: one that came closed leads to /dev/null. Otherwise a listening socket, a log or a
// client would get such a number, and what is meant for people would be sent there.
void open_standard_streams() noexcept;

// No signal is ignored but those that shells ignore for a command that shall outlive its terminal (SIGHUP, SIGINT,
// SIGQUIT).
void reset_signal_actions() noexcept;

// None is blocked but these.
void block_only(std::span<const int> signals) noexcept;

// What the environment says under this name, and does not say any more: it was meant for us, not for our children.
std::optional<std::string> take_variable(const char* name);

// Descriptors from 3 on end with the next program that this process starts.
void keep_descriptors_from_children() noexcept;

}  // namespace seki
