#pragma once

// Many requests on their way to be a transaction pass the validator (config/check) here, a slice in each turn, so that
// others are answered meanwhile.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "command/sealed_frames.h"
#include "event/event_loop.h"
#include "supervisor/change.h"

namespace seki::supervisor {

// One request, and where it stands ("record 7 (byte 812)"; empty: nowhere but in the order of all).
struct PlacedRequest {
    command::Request request;
    std::string place;
};

class Checking final : public DeferredDeletable, private Runnable {
public:
    // The next one, nothing behind the last.
    using Next = std::move_only_function<Result<std::optional<PlacedRequest>>()>;
    struct Checked {
        std::vector<CheckedChange> changes;
        std::vector<std::string> places;  // of each
    };
    // Which one is refused, and why.
    using OnDone = std::move_only_function<void(std::expected<Checked, Changes::Refusal>)>;

    // `on_done` is called once, in a later turn.
    Checking(EventLoop& loop, Next next, OnDone on_done);

private:
    static constexpr int slice_changes = 256;

    void run() override;
    std::optional<Changes::Refusal> check_one(PlacedRequest& asked);

    EventLoop& loop_;
    Next next_;
    OnDone on_done_;
    Checked checked_;
};

// Those that are being checked; each goes when it is done.
class Checkings {
public:
    explicit Checkings(EventLoop& loop) : loop_(loop) {}
    void begin(Checking::Next next, Checking::OnDone on_done);

private:
    EventLoop& loop_;
    std::map<uint64_t, std::unique_ptr<Checking>> checkings_;
    uint64_t last_ = 0;
};

// What a forked task (forked_task.h) brought: InitialStates, whose ids are places.
Checking::Next requests_of(std::shared_ptr<command::SealedFrames> frames);

}  // namespace seki::supervisor
