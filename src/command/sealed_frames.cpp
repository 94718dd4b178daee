#include "command/sealed_frames.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <variant>

#include "command/frame.h"

namespace seki::command {

namespace {

constexpr unsigned seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
constexpr size_t max_frame_bytes = 1U << 30U;

}  // namespace

Result<UniqueFd> SealedFrames::Memory::copy() const {
    UniqueFd copied(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!copied.valid()) return failure("cannot copy a descriptor: {}", system_error(errno));
    return copied;
}

// ---- writing

Result<UniqueFd> SealedFrames::make_memory(const char* name) {
    UniqueFd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd.valid()) return failure("cannot make memory to share: {}", system_error(errno));
    return fd;
}

Result<SealedFrames::Writer> SealedFrames::Writer::create(const char* name) {
    auto fd = make_memory(name);
    if (!fd) return std::unexpected(fd.error());
    return Writer(std::move(*fd));
}

Result<> SealedFrames::Writer::append(const google::protobuf::MessageLite& message) {
    buffer_.clear();
    if (!append_frame(buffer_, message, max_frame_bytes)) return failure("a message of more than 1 GiB");
    for (std::string_view rest = buffer_; !rest.empty();) {
        const ssize_t written = ::write(memory_.fd.get(), rest.data(), rest.size());
        if (written < 0 && errno != EINTR) return failure("cannot write memory to share: {}", system_error(errno));
        if (written > 0) rest.remove_prefix(static_cast<size_t>(written));
    }
    memory_.bytes += buffer_.size();
    return {};
}

Result<SealedFrames::Memory> SealedFrames::Writer::seal() {
    if (::fcntl(memory_.fd.get(), F_ADD_SEALS, seals) != 0)
        return failure("cannot seal memory to share: {}", system_error(errno));
    return std::exchange(memory_, {});
}

// ---- reading

void SealedFrames::Unmap::operator()(const char* memory) const noexcept {
    ::munmap(const_cast<char*>(memory), size);  // NOLINT(cppcoreguidelines-pro-type-const-cast): as its type wants
}

Result<SealedFrames> SealedFrames::open(UniqueFd fd, uint64_t bytes) {
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return failure("cannot look at shared memory: {}", system_error(errno));
    const int found = ::fcntl(fd.get(), F_GET_SEALS);
    if (found < 0 || (static_cast<unsigned>(found) & seals) != seals) return failure("the shared memory is not sealed");
    const auto size = static_cast<uint64_t>(status.st_size);
    if (size != bytes) return failure("the shared memory has {} bytes and not {}", size, bytes);
    if (size == 0) return SealedFrames(Mapping(nullptr, Unmap{0}));
    void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (mapped == MAP_FAILED) return failure("cannot map shared memory: {}", system_error(errno));
    return SealedFrames(Mapping(static_cast<const char*>(mapped), Unmap{size}));
}

Result<std::optional<std::string_view>> SealedFrames::next() {
    if (rest().empty()) return std::nullopt;
    const Decoded decoded = decode_frame(rest(), max_frame_bytes);
    const auto* frame = std::get_if<Frame>(&decoded);
    if (frame == nullptr) return failure("the shared memory ends in the middle of a frame, or one has no size");
    at_ += frame->consumed;
    return frame->payload;
}

}  // namespace seki::command
