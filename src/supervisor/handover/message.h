#pragma once

// Handover (proto/handover.proto) on its way from one supervisor to the next: a sealed memory, and descriptors that
// stay open behind execve(2).

#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "command/sealed_frames.h"
#include "handover.pb.h"

namespace seki::supervisor {

// All that it names, each once.
std::vector<int> descriptors_of(const handover::Handover& left);

Result<command::SealedFrames::Memory> write_handover(const handover::Handover& left);
// Refuses what says that one has to know more for it.
Result<handover::Handover> read_handover(const command::SealedFrames::Memory& memory);

// A descriptor of our own for what a former supervisor left open under this number. That one stays as it is: who cannot
// take over gives everything back.
Result<UniqueFd> copy_left(int number);
Result<command::SealedFrames::Memory> copy_left(const handover::Frames& frames);
void name_frames(const command::SealedFrames::Memory& memory, handover::Frames& frames);

}  // namespace seki::supervisor
