#include "base/shared_bytes.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <sys/mman.h>
#include <sys/stat.h>
#include <utility>

namespace seki {

namespace {

// Who mapped it for writing before the sealing can write, nobody else.
constexpr unsigned seals = F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

// Memory is asked of the system in such steps, before anything is written there: afterwards the lack of it would be a
// signal and no error.
constexpr size_t backing_step = size_t{256} << 10U;

std::unexpected<Failure> cannot(std::string_view what) {
    return failure("cannot {} memory to share: {}", what, system_error(errno));
}

Result<char*> map_bytes(int fd, size_t size, int protection) {
    void* const mapped = ::mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) return cannot("map");
    ::madvise(mapped, size, MADV_DONTDUMP);
    return static_cast<char*>(mapped);
}

}  // namespace

MappedBytes::~MappedBytes() { ::munmap(memory_, size_); }

// ---- keeping

Result<UniqueFd> SharedBytes::Segment::copy_fd() const {
    UniqueFd copied(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!copied.valid()) return failure("cannot copy a descriptor: {}", system_error(errno));
    return copied;
}

Result<SharedBytes::Piece> SharedBytes::put(std::span<const std::string_view> parts) {
    size_t size = 0;
    for (const std::string_view part : parts) size += part.size();
    if (size > largest_segment) return failure("{} bytes are too many to share", size);
    if (current_ == nullptr || current_->bytes.size() - current_->used < size) {
        if (auto made = make_segment(size); !made) return std::unexpected(made.error());
    }
    const uint32_t begin = current_->used;
    const auto end = static_cast<uint32_t>(begin + size);
    if (auto backed = back(*current_, end); !backed) return std::unexpected(backed.error());
    char* at = current_->bytes.data() + begin;
    for (const std::string_view part : parts) at = std::copy(part.begin(), part.end(), at);
    current_->used = end;
    return Piece(current_, begin, static_cast<uint32_t>(size));
}

Result<> SharedBytes::make_segment(size_t at_least) {
    size_t size = next_size_;
    while (size < at_least) size *= 2;
    UniqueFd fd(::memfd_create("seki-shared", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd.valid()) return cannot("make");
    if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) return cannot("size");
    auto mapped = map_bytes(fd.get(), size, PROT_READ | PROT_WRITE);
    if (!mapped) return std::unexpected(mapped.error());
    auto segment = std::shared_ptr<Segment>(new Segment{last_number_ + 1, std::move(fd), {*mapped, size}});
    if (::fcntl(segment->fd.get(), F_ADD_SEALS, seals) != 0) return cannot("seal");
    ++last_number_;
    std::erase_if(all_, [](const auto& each) { return each.expired(); });
    all_.push_back(segment);
    current_ = std::move(segment);
    next_size_ = std::min(size * 2, largest_segment);
    return {};
}

Result<> SharedBytes::back(Segment& segment, uint32_t end) {
    if (end <= segment.backed) return {};
    const size_t wanted = std::min((end + backing_step - 1) / backing_step * backing_step, segment.bytes.size());
    if (::fallocate(segment.fd.get(), 0, segment.backed, static_cast<off_t>(wanted - segment.backed)) != 0)
        return cannot("get");
    segment.backed = static_cast<uint32_t>(wanted);
    return {};
}

std::vector<SharedBytes::SegmentPtr> SharedBytes::segments() const {
    std::vector<SegmentPtr> living;
    for (const auto& each : all_) {
        if (auto segment = each.lock()) living.push_back(std::move(segment));
    }
    return living;
}

// ---- reading

Result<ForeignBytes::SegmentPtr> ForeignBytes::map(uint32_t number, UniqueFd fd) {
    if (auto known = segment(number)) return known;
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return cannot("look at");
    const int found = ::fcntl(fd.get(), F_GET_SEALS);
    if (found < 0 || (static_cast<unsigned>(found) & seals) != seals) return failure("the shared memory is not sealed");
    const auto size = static_cast<size_t>(status.st_size);
    auto mapped = map_bytes(fd.get(), size, PROT_READ);
    if (!mapped) return std::unexpected(mapped.error());
    SegmentPtr made = std::make_shared<const MappedBytes>(*mapped, size);
    std::erase_if(segments_, [](const auto& each) { return each.second.expired(); });
    segments_[number] = made;
    return made;
}

ForeignBytes::SegmentPtr ForeignBytes::segment(uint32_t number) const {
    const auto found = segments_.find(number);
    return found == segments_.end() ? nullptr : found->second.lock();
}

}  // namespace seki
