#pragma once

// Transactions as clients send them: in one frame, or in parts where that would be too large. Parts are kept here until
// the last one has come; who sends none for a minute has to begin again.

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "event/event_loop.h"
#include "handover.pb.h"
#include "supervisor/change.h"
#include "supervisor/checking.h"
#include "supervisor/command_server.h"

namespace seki::supervisor {

class ChangeSets final : private Timer {
public:
    using Answer = CommandServer::Answer;

    static constexpr Duration patience = std::chrono::minutes(1);
    static constexpr size_t max_open = 16;
    // Of all that are open.
    static constexpr size_t max_bytes = size_t{256} << 20U;

    // All outlive this.
    ChangeSets(EventLoop& loop, Changes& changes, Checkings& checkings)
        : loop_(loop), changes_(changes), checkings_(checkings) {}
    ~ChangeSets() override { loop_.timers().cancel(*this); }

    void take(command::ChangeSet part, Answer answer);

    // For the next supervisor, and from the former one.
    void hand_over(handover::Handover& left) const;
    void take_over(const handover::Handover& left);

private:
    struct Open {
        std::vector<command::Request> changes;
        size_t bytes = 0;
        Monotonic last_part;
    };

    void on_timer() override;
    Result<uint64_t> add(command::ChangeSet& part);
    void make(const command::ChangeSet& last, std::vector<command::Request> changes, Answer answer);

    EventLoop& loop_;
    Changes& changes_;
    Checkings& checkings_;
    std::map<uint64_t, Open> open_;
    size_t bytes_ = 0;
    uint64_t last_ = 0;
};

// The answer to what was made: clients that know nothing of warnings show them with the message.
command::Response answer_to_made(const Changes::Made& made, std::string message);

// The answer to many changes that were made or not. `places`: what each is called ("record 7"); by their number, where
// there is none.
command::Response answer_to_many(const Changes::Outcome& outcome, const std::string& made,
                                 const std::vector<std::string>& places);

}  // namespace seki::supervisor
