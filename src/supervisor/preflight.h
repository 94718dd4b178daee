#pragma once

// What keeps a valid configuration from starting here: on this machine, as this user, beside what runs already. `config
// check` tells it without starting anything, and a start tells it before the first worker exists. Nothing is changed or
// left behind by looking.

#include <string>
#include <vector>

#include "config/toml/file.h"

namespace seki::supervisor {

// Addresses that are listened on from the start.
size_t listeners_of(const config::FileConfig& file);

struct Obstacle {
    std::string key;  // of the file
    std::string reason;
    bool passing = false;  // an address in use: whoever has it may be gone by the time of the start

    [[nodiscard]] std::string text() const { return key + ": " + reason; }
};

// Empty when nothing is in the way. What a running instance with the same command socket holds, which is about to be
// replaced perhaps, is not in the way, nor what workers hold whose supervisor has died.
std::vector<Obstacle> obstacles(const config::FileConfig& file);

}  // namespace seki::supervisor
