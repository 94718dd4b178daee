#pragma once

// What a forked task (forked_task.h) tells of its work: an answer for whoever asked for it, in a memory of its own, and
// changes in another, each with the place that it comes from.

#include <string>
#include <vector>

#include "base/result.h"
#include "command/schema.h"
#include "command/sealed_frames.h"

namespace seki::supervisor {

// In the copy of this process.
Result<> tell(command::SealedFrames::Writer& memory, const command::Response& response);

class ToldChanges {
public:
    explicit ToldChanges(command::SealedFrames::Writer& memory) : memory_(memory) {}

    Result<> add(const command::Request& change, const std::string& place);
    // Once, when all are added.
    Result<> finish();
    [[nodiscard]] size_t count() const noexcept { return count_; }

private:
    static constexpr int slice_changes = 256;

    command::SealedFrames::Writer& memory_;
    command::InitialState slice_;
    size_t count_ = 0;
};

// Here.
Result<command::Response> told(const command::SealedFrames::Memory& memory);
Result<command::SealedFrames> frames_in(const command::SealedFrames::Memory& memory);

}  // namespace seki::supervisor
