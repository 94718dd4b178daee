#pragma once

// The memory in which workers count what sources have (net/source_table.h), as its maker sees it: which process may
// write which column. A column belongs to a process and not to a slot, for a worker that ends and its successor live
// side by side; it is wiped when the process is gone, and only then free again.

#include <cstdint>
#include <optional>
#include <vector>

#include "net/source_table.h"

namespace seki::supervisor {

class SourceColumns {
public:
    // Two for each worker, and some: rounded up to whole cache lines.
    static Result<SourceColumns> create(uint32_t worker_count);

    // Those of a former supervisor; others, where it has too few for so many processes.
    static Result<SourceColumns> open(UniqueFd memory, uint32_t processes, uint32_t worker_count);
    [[nodiscard]] int fd() const noexcept { return table_.fd(); }

    // That of a process of the former supervisor, of which it may be another table's by now. Nothing where it is not
    // free.
    static constexpr uint32_t elsewhere = UINT32_MAX;
    std::optional<uint32_t> take(uint32_t column);
    // Nothing when there are as many processes as there may be.
    std::optional<uint32_t> take();
    // Its process is gone.
    void give_back(uint32_t column);

    // For a worker to map.
    [[nodiscard]] Result<UniqueFd> memory() const { return table_.copy(); }

private:
    static constexpr uint32_t spare = 8;

    explicit SourceColumns(net::SourceTable table);

    net::SourceTable table_;
    bool is_new_ = true;  // and no former process writes to it
    std::vector<bool> taken_;
};

}  // namespace seki::supervisor
