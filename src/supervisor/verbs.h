#pragma once

// What clients may ask for: a table from verb to what is done. Changes go through Changes; questions about the
// configuration are answered from the state (questions.h), which all workers serve; questions about what is going on
// are asked of every worker and answered as one.

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "command/request_join.h"
#include "command/schema.h"
#include "config/state.h"
#include "supervisor/change.h"
#include "supervisor/command_server.h"
#include "supervisor/former_figures.h"
#include "supervisor/own_figures.h"
#include "supervisor/state_verbs.h"
#include "supervisor/workers.h"

namespace seki::supervisor {

class Verbs {
public:
    using Answer = CommandServer::Answer;
    using Stop = std::function<void(bool hard, Answer, std::optional<Duration> limit)>;
    using BeginUpgrade = std::function<void(Answer)>;

    struct Figures {
        OwnFigures& own;
        const FormerFigures& former;
    };

    // All outlive this. `max_answer_bytes`: of what one frame can have.
    Verbs(const EventLoop& loop, const config::State& state, Changes& changes, Workers& workers, const Figures& figures,
          StateVerbs& state_verbs, size_t max_answer_bytes, Stop stop, BeginUpgrade upgrade)
        : loop_(loop),
          state_(state),
          changes_(changes),
          workers_(workers),
          figures_(figures.own),
          former_figures_(figures.former),
          state_verbs_(state_verbs),
          max_answer_bytes_(max_answer_bytes),
          stop_(std::move(stop)),
          upgrade_(std::move(upgrade)) {}

    void obey(command::Request request, Answer answer);

private:
    using Join = command::RequestJoin<worker::Report>;
    using Combine = std::function<command::Response(Join&)>;
    using Handler = void (Verbs::*)(command::Request&, Answer&);

    struct Asking {
        Join join;
        Combine combine;
        Answer answer;
    };

    static Handler handler_of(command::Request::RequestTypeCase verb);

    void change(command::Request& request, Answer& answer);
    void stop_softly(command::Request& request, Answer& answer);
    void stop_hard(command::Request& request, Answer& answer);
    void upgrade(command::Request& request, Answer& answer);
    void replace_worker(command::Request& request, Answer& answer);

    void ask_state(command::Request request, Answer answer);
    void ask_each(command::Response of_main, Answer& answer);

    void list_workers(command::Request& request, Answer& answer);
    void status(command::Request& request, Answer& answer);
    void metrics(command::Request& request, Answer& answer);
    void metric_detail(command::Request& request, Answer& answer);
    void metric_names(command::Request& request, Answer& answer);
    void sessions(command::Request& request, Answer& answer);
    void subnet_limit(command::Request& request, Answer& answer);
    void close_sessions(command::Request& request, Answer& answer);
    void kill_session(command::Request& request, Answer& answer);
    void rebalance_sessions(command::Request& request, Answer& answer);
    void certificates(command::Request& request, Answer& answer);

    void ask_workers(const command::Request& question, Combine combine, Answer& answer);
    void ask_workers(worker::Order order, Combine combine, Answer& answer);
    void finish_asking(uint64_t asking);

    const EventLoop& loop_;
    const config::State& state_;
    Changes& changes_;
    Workers& workers_;
    OwnFigures& figures_;
    const FormerFigures& former_figures_;
    StateVerbs& state_verbs_;
    size_t max_answer_bytes_;
    Stop stop_;
    BeginUpgrade upgrade_;
    std::map<uint64_t, Asking> askings_;
    uint64_t last_asking_ = 0;
};

}  // namespace seki::supervisor
