#pragma once

// The model as a file for Seki, always in the same order, with the places that each table comes from.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "convert/model.h"

namespace seki::convert {

// A table of the file.
struct Block {
    enum class Kind : uint8_t { listener, cluster, backend, frontend };
    Kind kind;
    size_t index;              // among those of its kind; of a backend, in its cluster
    size_t cluster = 0;        // of a backend
    uint32_t first_line = 0;   // from 1
    uint32_t behind_line = 0;  // where the next one begins
};

struct Written {
    std::string text;
    std::vector<Block> blocks;
};

Written write(const Model& model, std::string_view source, Keys::Show show = Keys::Show::all);

}  // namespace seki::convert
