#include "worker/load_snapshot.h"

#include <utility>

#include "command/sealed_frames.h"
#include "worker.pb.h"

namespace seki::worker {

Result<> load_snapshot(UniqueFd memory, uint64_t bytes, Apply& apply) {
    auto frames = command::SealedFrames::open(std::move(memory), bytes);
    if (!frames) return std::unexpected(frames.error());
    Prepare slice;
    for (;;) {
        const auto frame = frames->next();
        if (!frame) return std::unexpected(frame.error());
        if (!*frame) return {};
        if (!slice.ParseFromArray((*frame)->data(), static_cast<int>((*frame)->size())))
            return failure("a part of the configuration cannot be read");
        if (auto prepared = apply.prepare(slice); !prepared) return failure("{}", prepared.error().reason);
        apply.commit();
    }
}

}  // namespace seki::worker
