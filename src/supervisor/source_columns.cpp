#include "supervisor/source_columns.h"

#include <algorithm>

#include "base/check.h"

namespace seki::supervisor {

SourceColumns::SourceColumns(net::SourceTable table) : table_(std::move(table)), taken_(table_.columns()) {}

Result<SourceColumns> SourceColumns::create(uint32_t worker_count) {
    auto table = net::SourceTable::create(2 * worker_count + spare);
    if (!table) return std::unexpected(table.error());
    return SourceColumns(std::move(*table));
}

Result<SourceColumns> SourceColumns::open(UniqueFd memory, uint32_t processes, uint32_t worker_count) {
    auto table = net::SourceTable::open(std::move(memory));
    if (!table || table->columns() < std::max(processes, 2 * worker_count) + spare / 2) return create(worker_count);
    SourceColumns columns(std::move(*table));
    columns.is_new_ = false;
    return columns;
}

std::optional<uint32_t> SourceColumns::take(uint32_t column) {
    if (is_new_ || column == elsewhere) return elsewhere;
    if (column >= taken_.size() || taken_[column]) return std::nullopt;
    taken_[column] = true;
    return column;
}

std::optional<uint32_t> SourceColumns::take() {
    const auto free = std::ranges::find(taken_, false);
    if (free == taken_.end()) return std::nullopt;
    *free = true;
    return static_cast<uint32_t>(free - taken_.begin());
}

void SourceColumns::give_back(uint32_t column) {
    if (column == elsewhere) return;
    SEKI_CHECK(taken_[column]);
    table_.clear(column);
    taken_[column] = false;
}

}  // namespace seki::supervisor
