#include "supervisor/told.h"

#include <utility>

namespace seki::supervisor {

Result<> tell(command::SealedFrames::Writer& memory, const command::Response& response) {
    return memory.append(response);
}

Result<> ToldChanges::add(const command::Request& change, const std::string& place) {
    command::WorkerRequest& record = *slice_.add_requests();
    record.set_id(place);
    *record.mutable_content() = change;
    ++count_;
    return slice_.requests_size() < slice_changes ? Result<>{} : finish();
}

Result<> ToldChanges::finish() {
    auto written = slice_.requests().empty() ? Result<>{} : memory_.append(slice_);
    slice_.Clear();
    return written;
}

Result<command::SealedFrames> frames_in(const command::SealedFrames::Memory& memory) {
    auto copy = memory.copy();
    if (!copy) return std::unexpected(copy.error());
    return command::SealedFrames::open(std::move(*copy), memory.bytes);
}

Result<command::Response> told(const command::SealedFrames::Memory& memory) {
    auto frames = frames_in(memory);
    if (!frames) return std::unexpected(frames.error());
    const auto frame = frames->next();
    command::Response response;
    if (!frame || !*frame || !response.ParseFromArray((*frame)->data(), static_cast<int>((*frame)->size())))
        return failure("what another process found out cannot be read");
    return response;
}

}  // namespace seki::supervisor
