#pragma once

// One worker as the supervisor sees it: a process, the channel to it, and the orders that it has not answered yet.
// Every order gets exactly one answer here, be it "none will come": the worker died, or took too long.
//
//     starting ──ready──► serving ──stop──► stopping
//         └───────────────────┴────────────────┴──(its channel closed, it ended, or we killed it)──► dead

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command/channel.h"
#include "command/schema.h"
#include "event/event_loop.h"
#include "handover.pb.h"
#include "observe/log.h"
#include "supervisor/launcher.h"
#include "worker.pb.h"

namespace seki::supervisor {

class WorkerProcess final : public DeferredDeletable,
                            private command::Channel::Owner,
                            private EventHandler,
                            private Timer {
public:
    enum class State : uint8_t { starting, serving, stopping, dead };
    enum class Patience : uint8_t {
        question,  // who does not answer in time is not waited for
        order,     // who does not answer in time hangs, and is killed
        start,     // likewise, with the time that it takes to load a configuration
        aside,     // likewise, and other orders are answered meanwhile: so it is asked for a sign, too
        endless    // ends with the worker
    };
    // Null: no answer will come.
    using OnReport = std::move_only_function<void(const worker::Report* report)>;

    class Owner {
    public:
        virtual ~Owner() = default;
        // From here on it answers nothing. Called before the orders that it owes answers for are told.
        virtual void on_worker_dead(WorkerProcess& worker) = 0;
        // Its process is gone too.
        virtual void on_worker_ended(WorkerProcess& worker) = 0;
        // It tells what happened, without being asked.
        virtual void on_worker_event(WorkerProcess& worker, const command::Event& event) = 0;
    };

    struct Identity {
        uint32_t id;             // never used again
        uint32_t slot;           // which of the listening sockets are its own
        uint32_t source_column;  // of the memory for limits per source; its own until its process is gone
        uint16_t generation;     // of the supervisor; a part of the ids of its orders
    };

    WorkerProcess(EventLoop& loop, observe::Log& log, Launched launched, Identity identity, Duration answer_timeout,
                  Owner& owner);
    ~WorkerProcess() override;

    // Its end is an event from here on. To be called once, before anything is ordered; who cannot be watched is
    // destroyed, and with it its process.
    Result<> watch_end();

    // For the next supervisor. Why that has to wait, if it does: what it owes is told to us.
    void hand_over(handover::Worker& left) const;
    [[nodiscard]] std::string why_not_handed_over() const;
    // Of a former supervisor: before anything is ordered.
    void take_over(const handover::Worker& left);
    // Of one that has died. It goes on with what it knows, and understands the stable part only.
    void adopt(bool draining);

    // Numbers the order; the same one may then go to the next worker.
    void order(worker::Order& order, Patience patience, OnReport on_report = nullptr, std::vector<UniqueFd> fds = {});
    // Whose loop does not turn owes an answer from now on, if it owes none yet.
    void ask_for_a_sign();
    void kill(const std::string& why);
    void signal(int number) { process_->signal(number); }
    // It said that it is done: it has to end now.
    void expect_end();
    [[nodiscard]] bool end_expected() const noexcept { return end_expected_; }
    // Of one that is dead: calls `then` when its process is gone too, and with it every descriptor that it held.
    void when_ended(std::move_only_function<void()> then) { when_ended_.push_back(std::move(then)); }

    // Moves forward only.
    void enter(State next);
    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] bool alive() const noexcept { return state_ != State::dead; }
    [[nodiscard]] uint32_t id() const noexcept { return identity_.id; }
    [[nodiscard]] uint32_t slot() const noexcept { return identity_.slot; }
    [[nodiscard]] uint32_t source_column() const noexcept { return identity_.source_column; }
    [[nodiscard]] pid_t pid() const noexcept { return process_->pid(); }
    // Of one that ended: for what it was killed, else how it ended by itself.
    [[nodiscard]] const std::string& why_ended() const noexcept {
        return why_killed_.empty() ? how_ended_ : why_killed_;
    }
    [[nodiscard]] Monotonic launched_at() const noexcept { return launched_at_; }

    // It was told the configuration, and is told every change from now on.
    bool configured = false;
    // It was another supervisor's, which has died.
    bool adopted = false;
    // To whom it gives its connections, when it is replaced.
    std::optional<uint32_t> heir;
    // What it understands beside the stable part of the schema.
    uint32_t schema_version = worker::VERSION;
    [[nodiscard]] bool speaks() const noexcept { return schema_version == worker::VERSION; }
    // The slots whose sockets it accepts from: its own, and those of the dead that it stands in for. Each with a number
    // of its own for every time that somebody got it.
    using Slots = std::map<uint32_t, uint64_t>;
    Slots slots;

private:
    static constexpr Duration start_timeout = std::chrono::minutes(1);
    // For its last words, of one that hangs. A core dump that takes longer is cut.
    static constexpr Duration crash_grace = std::chrono::milliseconds(500);

    struct Pending {
        Monotonic deadline;
        Duration limit;
        Patience patience;
        OnReport on_report;
        std::string what;
    };

    void on_frame(std::string_view payload) override;
    void on_malformed(const std::string& reason) override;
    void on_closed(const std::string& reason) override;
    void on_event(uint32_t events) override;
    void on_timer() override;

    using PendingNode = std::map<uint64_t, Pending>::node_type;
    void answered(const worker::Report& report);
    PendingNode pending_drain();
    void end_with(const std::string& why);
    void die();
    void report_end();
    void stop_watching();
    void arm();
    void give_up_questions();
    void end_remains();
    void end_hanging(const Pending& pending);
    void expect_answer(std::string what, Patience patience, OnReport on_report);
    [[nodiscard]] Duration limit_of(Patience patience) const;

    EventLoop& loop_;
    observe::Log& log_;
    std::unique_ptr<Process> process_;
    command::Channel channel_;
    Identity identity_;
    Duration answer_timeout_;
    Owner& owner_;
    Monotonic launched_at_;
    State state_ = State::starting;
    WatchId watch_;
    bool ended_ = false;
    std::string how_ended_;   // known when ended_
    std::string why_killed_;  // by us
    std::vector<std::move_only_function<void()>> when_ended_;
    bool end_expected_ = false;
    uint64_t last_order_;
    std::map<uint64_t, Pending> pending_;
};

}  // namespace seki::supervisor
