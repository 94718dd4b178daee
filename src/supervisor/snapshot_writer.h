#pragma once

// Writes the configuration down for workers that begin (worker/load_snapshot.h), but for the bytes of certificates,
// which all of them share (config/placed_certificate.h): once for all of them, and a slice in each turn, so that
// whoever asks the supervisor something meanwhile is answered as soon as ever. The state must not change until that is
// done.

#include <functional>

#include "base/result.h"
#include "command/sealed_frames.h"
#include "config/snapshot.h"
#include "event/event_loop.h"
#include "worker.pb.h"

namespace seki::supervisor {

class SnapshotWriter final : public DeferredDeletable, private Runnable {
public:
    // Called once, in a later turn. An error when the system has no memory for it.
    using OnWritten = std::move_only_function<void(Result<command::SealedFrames::Memory> written)>;

    // `loop` and `state` outlive this.
    SnapshotWriter(EventLoop& loop, const config::State& state, OnWritten on_written);

private:
    // One or two milliseconds; an answer that several workers have a part in takes a few turns. A small thing takes 6
    // µs, however few bytes it has.
    static constexpr int slice_changes = 256;
    static constexpr size_t slice_bytes = 128 * 1024;

    void run() override;
    // False when that was the last one.
    Result<bool> write_slice();

    EventLoop& loop_;
    config::Snapshot walk_;
    OnWritten on_written_;
    Result<command::SealedFrames::Writer> frames_;
    worker::Prepare slice_;
};

}  // namespace seki::supervisor
