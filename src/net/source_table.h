#pragma once

// What all workers together know of the sources of their clients: one piece of memory, made by the supervisor and
// mapped by every worker. It is all that workers share. Nothing is ever looked up, allocated or removed in it: a source
// of a cluster is a hash, and the hash names one cell in each of four rows. Sources that meet in a cell are taken for
// one there; a source is mistaken for busier than it is only if it meets others in all four rows at once. With n other
// sources in the table that happens to one in (65536 / n)⁴: one in 18 million with n = 1000, one in 1800 with 10,000.
//
//     header │ arrivals: rows × cells × 8 bytes │ counts: rows × cells × columns × 4 bytes
//
// counts (source_counts.h) have a column for each process that may be alive, which only that process writes: what a
// dead one leaves behind is wiped by the supervisor with its column. arrivals (source_rates.h) belong to all.
//
// A page costs memory from its first touch on, reading included; nobody gives it back.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/siphash.h"
#include "base/unique_fd.h"
#include "net/address.h"

namespace seki::net {

class SourceTable {
public:
    static constexpr uint32_t rows = 4;
    static constexpr uint32_t cells = 1U << 16U;  // of a row: 16 bits of the hash choose one
    // Numbers of columns are multiples of this, so that the counts of a cell begin with a cache line.
    static constexpr uint32_t column_step = 16;

    // New and empty, with a key of its own; at least so many columns.
    static Result<SourceTable> create(uint32_t columns);
    // One that another process made; it must be of this very layout.
    static Result<SourceTable> open(UniqueFd memory);

    // For open() in another process.
    [[nodiscard]] Result<UniqueFd> copy() const;

    // As long as this is.
    [[nodiscard]] int fd() const noexcept { return memory_.get(); }
    [[nodiscard]] uint32_t columns() const noexcept { return header_.columns; }
    // Its writer is dead: all of it becomes 0. Others may read meanwhile.
    void clear(uint32_t column) noexcept;

    // Of a source of a cluster. An IPv6 source is a full address, not a network. `more` tells apart what is limited
    // under several terms.
    [[nodiscard]] uint64_t hash(std::string_view cluster, const SocketAddress& source,
                                uint64_t more = 0) const noexcept;

    // One number for each column. Shared with other processes: for std::atomic_ref only.
    [[nodiscard]] std::span<uint32_t> counts(uint32_t row, uint64_t hash) const noexcept {
        return {counts_ + size_t{cell(row, hash)} * columns(), columns()};
    }
    // Likewise.
    [[nodiscard]] uint64_t& arrival(uint32_t row, uint64_t hash) const noexcept { return arrivals_[cell(row, hash)]; }

private:
    struct Header {
        uint64_t magic;
        uint32_t version;
        uint32_t rows;
        uint32_t cells;
        uint32_t columns;
        SipKey key;

        bool operator==(const Header&) const = default;
    };
    struct Unmap {
        size_t size;
        void operator()(char* memory) const noexcept;
    };
    using Mapping = std::unique_ptr<char, Unmap>;

    // Bumped with every change of the layout or of the hash.
    static constexpr uint32_t version = 1;
    static constexpr uint64_t magic = 0x7365636e756f7365U;
    // Everything begins with a page.
    static constexpr size_t header_bytes = 4096;
    static constexpr size_t arrivals_bytes = size_t{rows} * cells * sizeof(uint64_t);
    static constexpr size_t counts_begin = header_bytes + arrivals_bytes;
    static constexpr size_t size_with(uint32_t columns) noexcept {
        return counts_begin + size_t{rows} * cells * columns * sizeof(uint32_t);
    }
    static constexpr uint32_t cell(uint32_t row, uint64_t hash) noexcept {
        return row * cells + static_cast<uint32_t>((hash >> (16 * row)) % cells);
    }

    SourceTable(UniqueFd memory, Mapping mapping, const Header& header) noexcept;
    static Result<Mapping> map(int memory, size_t size);
    void clear(uint32_t column, size_t begin, size_t end) noexcept;

    UniqueFd memory_;
    Mapping mapping_;
    Header header_;  // our own copy
    uint64_t* arrivals_;
    uint32_t* counts_;
};

}  // namespace seki::net
