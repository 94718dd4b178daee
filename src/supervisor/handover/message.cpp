#include "supervisor/handover/message.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <utility>

namespace seki::supervisor {

std::vector<int> descriptors_of(const handover::Handover& left) {
    std::vector<int> numbers{left.state().fd(), left.file().fd(), left.workers().source_table(),
                             left.command_socket().fd()};
    for (const auto& listener : left.listeners()) {
        numbers.insert(numbers.end(), listener.sockets().begin(), listener.sockets().end());
    }
    for (const auto& worker : left.workers().vec()) numbers.push_back(worker.channel());
    for (const auto& client : left.command_socket().clients()) numbers.push_back(client.fd());
    std::ranges::sort(numbers);
    numbers.erase(std::ranges::unique(numbers).begin(), numbers.end());
    std::erase_if(numbers, [](int number) { return number <= STDERR_FILENO; });
    return numbers;
}

Result<command::SealedFrames::Memory> write_handover(const handover::Handover& left) {
    auto writer = command::SealedFrames::Writer::create("seki-handover");
    if (!writer) return std::unexpected(writer.error());
    if (auto written = writer->append(left); !written) return std::unexpected(written.error());
    return writer->seal();
}

Result<handover::Handover> read_handover(const command::SealedFrames::Memory& memory) {
    auto copy = memory.copy();
    if (!copy) return std::unexpected(copy.error());
    auto frames = command::SealedFrames::open(std::move(*copy), memory.bytes);
    if (!frames) return std::unexpected(frames.error());
    const auto frame = frames->next();
    handover::Handover left;
    if (!frame || !*frame || !left.ParsePartialFromArray((*frame)->data(), static_cast<int>((*frame)->size())))
        return failure("what the former supervisor left cannot be read");
    if (left.least_reader() > handover::FORMAT) {
        return failure("the former supervisor, version {}, left it in format {}, of which this version knows only {}",
                       left.version(), left.least_reader(), static_cast<int>(handover::FORMAT));
    }
    return left;
}

Result<UniqueFd> copy_left(int number) {
    UniqueFd copy(number > STDERR_FILENO ? ::fcntl(number, F_DUPFD_CLOEXEC, 3) : -1);
    if (copy.valid()) return copy;
    return failure("descriptor {} of the former supervisor: {}", number, system_error(errno));
}

Result<command::SealedFrames::Memory> copy_left(const handover::Frames& frames) {
    auto fd = copy_left(frames.fd());
    if (!fd) return std::unexpected(fd.error());
    return command::SealedFrames::Memory{std::move(*fd), frames.bytes()};
}

void name_frames(const command::SealedFrames::Memory& memory, handover::Frames& frames) {
    frames.set_fd(memory.fd.get());
    frames.set_bytes(memory.bytes);
}

}  // namespace seki::supervisor
