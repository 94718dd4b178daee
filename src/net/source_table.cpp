#include "net/source_table.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/check.h"

namespace seki::net {

namespace {

// Nobody can take a part of it away under those who have it mapped.
constexpr unsigned seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

std::unexpected<Failure> cannot(std::string_view what) {
    return failure("cannot {} the memory for limits per source: {}", what, system_error(errno));
}

}  // namespace

void SourceTable::Unmap::operator()(char* memory) const noexcept { ::munmap(memory, size); }

SourceTable::SourceTable(UniqueFd memory, Mapping mapping, const Header& header) noexcept
    : memory_(std::move(memory)),
      mapping_(std::move(mapping)),
      header_(header),
      arrivals_(reinterpret_cast<uint64_t*>(mapping_.get() + header_bytes)),
      counts_(reinterpret_cast<uint32_t*>(mapping_.get() + counts_begin)) {}

Result<SourceTable::Mapping> SourceTable::map(int memory, size_t size) {
    void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    if (mapped == MAP_FAILED) return cannot("map");
    return Mapping(static_cast<char*>(mapped), Unmap{size});
}

Result<SourceTable> SourceTable::create(uint32_t columns) {
    columns = (columns + column_step - 1) / column_step * column_step;
    const size_t size = size_with(columns);
    UniqueFd memory(::memfd_create("seki-sources", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory.valid()) return cannot("make");
    if (::ftruncate(memory.get(), static_cast<off_t>(size)) != 0) return cannot("size");
    if (::fcntl(memory.get(), F_ADD_SEALS, seals) != 0) return cannot("seal");
    auto mapping = map(memory.get(), size);
    if (!mapping) return std::unexpected(mapping.error());
    SipKey key;
    if (::getrandom(&key, sizeof key, 0) != sizeof key) return cannot("make a key for");
    const Header header{magic, version, rows, cells, columns, key};
    std::memcpy(mapping->get(), &header, sizeof header);
    return SourceTable(std::move(memory), std::move(*mapping), header);
}

Result<SourceTable> SourceTable::open(UniqueFd memory) {
    struct stat status{};
    if (::fstat(memory.get(), &status) != 0) return cannot("look at");
    const auto size = static_cast<size_t>(status.st_size);
    const int sealed = ::fcntl(memory.get(), F_GET_SEALS);
    if (sealed < 0 || (static_cast<unsigned>(sealed) & seals) != seals || size < counts_begin)
        return failure("the memory for limits per source is not what the supervisor makes");
    auto mapping = map(memory.get(), size);
    if (!mapping) return std::unexpected(mapping.error());
    Header found{};
    std::memcpy(&found, mapping->get(), sizeof found);
    const Header expected{magic, version, rows, cells, found.columns, found.key};
    if (found != expected || size != size_with(found.columns))
        return failure("the memory for limits per source has another layout than this version");
    return SourceTable(std::move(memory), std::move(*mapping), found);
}

// Every worker can write there: one that somebody else has taken over must not keep others from beginning.
Result<UniqueFd> SourceTable::copy() const {
    std::memcpy(mapping_.get(), &header_, sizeof header_);
    UniqueFd fd(::fcntl(memory_.get(), F_DUPFD_CLOEXEC, 0));
    if (!fd.valid()) return failure("cannot copy a descriptor: {}", system_error(errno));
    return fd;
}

// Only what was ever touched: looking at the rest would make it cost memory.
void SourceTable::clear(uint32_t column) noexcept {
    SEKI_CHECK(column < columns());
    const auto size = static_cast<off_t>(size_with(columns()));
    for (auto at = static_cast<off_t>(counts_begin); at < size;) {
        const off_t begin = ::lseek(memory_.get(), at, SEEK_DATA);
        if (begin < 0) {
            // ENXIO: nothing was touched from here on.
            if (errno != ENXIO) clear(column, static_cast<size_t>(at), static_cast<size_t>(size));
            return;
        }
        const off_t end = ::lseek(memory_.get(), begin, SEEK_HOLE);
        at = end > begin ? end : size;
        clear(column, static_cast<size_t>(begin), static_cast<size_t>(at));
    }
}

// Those counts of the column that lie within these bytes of the memory.
void SourceTable::clear(uint32_t column, size_t begin, size_t end) noexcept {
    const size_t stride = size_t{columns()} * sizeof(uint32_t);
    const size_t first = counts_begin + size_t{column} * sizeof(uint32_t);
    size_t index = begin > first ? (begin - first + stride - 1) / stride : 0;
    for (; first + index * stride < end; ++index) {
        const std::atomic_ref count(counts_[index * columns() + column]);
        if (count.load(std::memory_order_relaxed) != 0) count.store(0);
    }
}

uint64_t SourceTable::hash(std::string_view cluster, const SocketAddress& source, uint64_t more) const noexcept {
    struct {
        uint64_t cluster;
        uint64_t more;
        std::array<uint8_t, 16> ip;  // IPv4 as ::ffff:192.0.2.1, which no SocketAddress is
    } words{siphash(header_.key, cluster), more, {}};
    const std::span<const uint8_t> ip = source.ip();
    if (source.is_v4()) words.ip[10] = words.ip[11] = 0xff;
    std::memcpy(words.ip.data() + words.ip.size() - ip.size(), ip.data(), ip.size());
    return siphash(header_.key, {reinterpret_cast<const char*>(&words), sizeof words});
}

}  // namespace seki::net
