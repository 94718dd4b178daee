#pragma once

// The installed executable takes the place of the one that runs: the same process (execve(2)), so its workers stay its
// children, and clients of the command socket keep their connections and hear the answer from the new one.
//
//     idle ──► trying out ──► waiting ──► writing ──► (the program ends here; in the new one:) taking over ──► idle
//       ▲          │            │           │  ▲                                                  │
//       └──────────┴── refused ─┴───────────┘  └────── no new worker begins: back to the former ───┘
//
// Trying out: a copy of this process writes everything down as it is now; a child with copies of all descriptors reads
// it with the new executable, and says that it could take over. Nobody notices.
// Waiting: what clients ask is not read any more, until whatever they asked for is answered.
// Writing: a copy of this process writes the state down, for the last time.
// Taking over: changes wait until each worker is replaced by one of the new executable, one after another; connections
// move from the one to the other.
//
// A step that fails leaves everything as it was, and the answer says which one, and why. Only the kernel can be the
// reason why the program ends without another one in its place, and then workers serve on by themselves.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/state.h"
#include "event/event_loop.h"
#include "observe/log.h"
#include "supervisor/change.h"
#include "supervisor/command_server.h"
#include "supervisor/forked_task.h"
#include "supervisor/handover/inheritance.h"
#include "supervisor/succession.h"
#include "supervisor/workers.h"

namespace seki::supervisor {

class Upgrade final : private Timer {
public:
    using Answer = CommandServer::Answer;

    // What the rest of the supervisor does for it.
    class Owner {
    public:
        virtual ~Owner() = default;
        // All but the state.
        [[nodiscard]] virtual handover::Handover hand_over() const = 0;
        // Why that has to wait, if it does: `askers` wait for the upgrade, others are to be answered.
        [[nodiscard]] virtual std::string why_not_handed_over(size_t askers) const = 0;
        // Whether clients are heard.
        virtual void hold(bool holds) = 0;
        // The last chance to write anything. Returns "NAME=value" of what was taken out of the environment.
        virtual std::vector<std::string> about_to_end() = 0;
        virtual void obey(command::Request request, Answer answer) = 0;
    };

    static constexpr Duration longest_wait = std::chrono::seconds(30);

    // All outlive this.
    Upgrade(EventLoop& loop, observe::Log& log, const config::State& state, Changes& changes, Workers& workers,
            ForkedTasks& tasks, Owner& owner)
        : loop_(loop),
          log_(log),
          state_(state),
          changes_(changes),
          workers_(workers),
          tasks_(tasks),
          owner_(owner),
          succession_(loop, log, workers) {}
    ~Upgrade() override { loop_.timers().cancel(*this); }

    void begin(Answer answer);
    // The same with the executable that runs: it begins anew, with what the configuration file says of the process. Who
    // asked for that asks the new program the same again.
    void begin_anew(Answer answer);

    // In the new program, or in the former one that has everything back: before clients are taken over, who ask again
    // for what they wait for; and behind that.
    void take_over() { enter(State::taking_over); }
    void ask_later(command::Request request, Answer answer);
    void go_on(const Inheritance& left);

    // Who asks has asked the former program before.
    [[nodiscard]] bool takes_over() const noexcept { return state_now_ == State::taking_over && !went_on_; }

private:
    enum class State : uint8_t { idle, trying_out, waiting, writing, taking_over };

    struct Asker {
        Answer answer;
        std::optional<command::Request> wants{};  // when all is done; nothing: only to hear of it
    };

    void enter(State next);
    void begin(Result<Executable> next, Answer answer);
    void on_timer() override;
    void try_out();
    [[nodiscard]] std::string why_not_now() const;
    void wait();
    void write();
    void end_program(Result<ForkedTask::Memories> state);
    void refuse(const std::string& why);
    void answer(command::ResponseStatus status, const std::string& message);

    void wait_for_all();
    bool give_back(const std::string& why);
    void done();

    EventLoop& loop_;
    observe::Log& log_;
    const config::State& state_;
    Changes& changes_;
    Workers& workers_;
    ForkedTasks& tasks_;
    Owner& owner_;
    State state_now_ = State::idle;
    std::vector<Asker> askers_;
    std::optional<Executable> next_;  // which is to take our place
    std::string refused_;             // why that one is the former one again
    Monotonic waits_until_;

    bool went_on_ = false;
    std::optional<Executable> former_;
    std::string from_;  // its version
    Succession succession_;
    Succession::Sum sum_;
};

}  // namespace seki::supervisor
