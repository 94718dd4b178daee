#include "supervisor/checking.h"

#include <utility>

#include "config/convert.h"
#include "config/subject.h"

namespace seki::supervisor {

Checking::Checking(EventLoop& loop, Next next, OnDone on_done)
    : loop_(loop), next_(std::move(next)), on_done_(std::move(on_done)) {
    loop_.schedule(*this);
}

void Checking::run() {
    for (int count = 0; count < slice_changes; ++count) {
        auto asked = next_();
        if (!asked) return on_done_(std::unexpected(Changes::Refusal{.message = asked.error().message}));
        if (!*asked) return on_done_(std::move(checked_));
        if (auto refusal = check_one(**asked)) return on_done_(std::unexpected(std::move(*refusal)));
    }
    loop_.schedule(*this);
}

std::optional<Changes::Refusal> Checking::check_one(PlacedRequest& asked) {
    Changes::Refusal refusal;
    refusal.change = checked_.changes.size();
    refusal.what = config::verb_name(asked.request) + " " + config::subject(asked.request);
    if (config::is_change(asked.request)) {
        auto passed = config::check(std::move(asked.request));
        if (passed) {
            checked_.changes.push_back(std::move(*passed));
            checked_.places.push_back(std::move(asked.place));
            return {};
        }
        refusal.message = passed.error().message;
    } else {
        refusal.message = "it is no change of the configuration";
    }
    return refusal;
}

void Checkings::begin(Checking::Next next, Checking::OnDone on_done) {
    const uint64_t id = ++last_;
    auto done = [this, id,
                 on_done = std::move(on_done)](std::expected<Checking::Checked, Changes::Refusal> checked) mutable {
        auto node = checkings_.extract(id);
        loop_.deferred_delete(std::move(node.mapped()));
        on_done(std::move(checked));
    };
    checkings_.emplace(id, std::make_unique<Checking>(loop_, std::move(next), std::move(done)));
}

Checking::Next requests_of(std::shared_ptr<command::SealedFrames> frames) {
    return [frames = std::move(frames), slice = command::InitialState(),
            at = 0]() mutable -> Result<std::optional<PlacedRequest>> {
        while (at == slice.requests_size()) {
            auto frame = frames->next();
            if (!frame) return std::unexpected(frame.error());
            if (!*frame) return std::nullopt;
            at = 0;
            if (!slice.ParsePartialFromArray((*frame)->data(), static_cast<int>((*frame)->size())))
                return failure("a part of the changes cannot be read");
        }
        command::WorkerRequest& record = *slice.mutable_requests(at++);
        return PlacedRequest{std::move(*record.mutable_content()), std::move(*record.mutable_id())};
    };
}

}  // namespace seki::supervisor
