#include "supervisor/verbs.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include "config/certificate_consequences.h"
#include "config/convert.h"
#include "config/query.h"
#include "observe/metrics_report.h"
#include "supervisor/metrics_join.h"
#include "supervisor/questions.h"
#include "supervisor/rebalance.h"

namespace seki::supervisor {
namespace {

using command::Request;
using command::Response;
using command::ResponseContent;
using State = WorkerProcess::State;

Response ok(std::string message = {}) { return response_of(command::OK, std::move(message)); }

command::RunState run_state(State state) {
    switch (state) {
        case State::starting:
            return command::NOT_ANSWERING;  // not yet
        case State::serving:
            return command::RUNNING;
        case State::stopping:
            return command::STOPPING;
        case State::dead:
            break;
    }
    return command::STOPPED;
}

command::WorkerInfos infos_of(const Workers& workers) {
    command::WorkerInfos infos;
    for (const WorkerProcess* worker : workers.alive()) {
        command::WorkerInfo& info = *infos.add_vec();
        info.set_id(worker->id());
        info.set_pid(worker->pid());
        info.set_run_state(run_state(worker->state()));
    }
    return infos;
}

bool wants(const command::QueryMetricsOptions& query, const std::string& name) {
    return query.metric_names().empty() || std::ranges::find(query.metric_names(), name) != query.metric_names().end();
}

// Nothing when all metrics that the query names exist.
std::string unknown_metric(const command::QueryMetricsOptions& query, const OwnFigures::Map& own) {
    for (const std::string& name : query.metric_names()) {
        if (!own.contains(name) && !observe::is_metric(name)) return name;
    }
    return {};
}

// Whether it holds for the clusters of the sum, or for those of any of the workers.
template <typename Predicate>
bool any_clusters(const command::AggregatedMetrics& metrics, Predicate predicate) {
    return predicate(metrics.clusters()) || std::ranges::any_of(metrics.workers(), [&](const auto& worker) {
               return predicate(worker.second.clusters());
           });
}

bool has_cluster(const command::AggregatedMetrics& metrics, const std::string& id) {
    return any_clusters(metrics, [&](const auto& clusters) { return clusters.contains(id); });
}

bool has_backend(const command::AggregatedMetrics& metrics, const std::string& id) {
    const auto has = [&](const command::BackendMetrics& backend) { return backend.backend_id() == id; };
    const auto owns = [&](const auto& cluster) { return std::ranges::any_of(cluster.second.backends(), has); };
    return any_clusters(metrics, [&](const auto& clusters) { return std::ranges::any_of(clusters, owns); });
}

bool has_backend(const config::State& state, const std::string& id) {
    const auto& backends = state.table<config::Backends>().entries();
    return std::ranges::any_of(backends, [&](const auto& entry) { return entry.first.backend_id == id; });
}

// What the query names and nobody knows: one without traffic is known to the state only, one that was just removed
// perhaps to a worker. Empty when there is no such thing.
std::string unknown_thing(const command::QueryMetricsOptions& query, const config::State& state,
                          const command::AggregatedMetrics& metrics) {
    for (const std::string& id : query.cluster_ids()) {
        const bool known = state.table<config::Clusters>().find(id) != nullptr || has_cluster(metrics, id);
        if (!known) return fmt::format("no metrics of cluster '{}'", id);
    }
    for (const std::string& id : query.backend_ids()) {
        if (!has_backend(state, id) && !has_backend(metrics, id)) return fmt::format("no metrics of backend '{}'", id);
    }
    return {};
}

// Who is too busy or hangs must not look like one who has nothing to tell.
template <typename Content>
void name_silent(const command::RequestJoin<worker::Report>& join, Content& content) {
    for (const command::MemberId worker : join.lost()) content.add_silent_workers(worker);
}

}  // namespace

Verbs::Handler Verbs::handler_of(Request::RequestTypeCase verb) {
    struct Entry {
        Request::RequestTypeCase verb;
        Handler handler;
    };
    static constexpr std::array table{
        Entry{Request::kStatus, &Verbs::status},
        Entry{Request::kListWorkers, &Verbs::list_workers},
        Entry{Request::kQueryMetrics, &Verbs::metrics},
        Entry{Request::kSetMetricDetail, &Verbs::metric_detail},
        Entry{Request::kQuerySessions, &Verbs::sessions},
        Entry{Request::kKillSession, &Verbs::kill_session},
        Entry{Request::kRebalanceSessions, &Verbs::rebalance_sessions},
        Entry{Request::kSoftStop, &Verbs::stop_softly},
        Entry{Request::kHardStop, &Verbs::stop_hard},
        Entry{Request::kUpgradeMain, &Verbs::upgrade},
        Entry{Request::kUpgradeWorker, &Verbs::replace_worker},
        Entry{Request::kQueryCertificatesFromWorkers, &Verbs::certificates},
        Entry{Request::kQueryMaxConnectionsPerSubnet, &Verbs::subnet_limit},
        Entry{Request::kCloseSessions, &Verbs::close_sessions},
    };
    const auto* const found = std::ranges::find(table, verb, &Entry::verb);
    return found == table.end() ? nullptr : found->handler;
}

void Verbs::obey(Request request, Answer answer) {
    if (config::is_change(request)) return change(request, answer);
    if (is_about_state(request)) return ask_state(std::move(request), std::move(answer));
    if (state_verbs_.obey(request, answer)) return;
    if (const Handler handler = handler_of(request.request_type_case())) return (this->*handler)(request, answer);
    answer(response_of(command::FAILURE, fmt::format("{} is not available yet", config::verb_name(request))));
}

// ---- changes

void Verbs::change(Request& request, Answer& answer) {
    auto checked = config::check(std::move(request));
    if (!checked) return answer(response_of(command::FAILURE, checked.error().message));
    const auto now = std::chrono::floor<std::chrono::seconds>(loop_.wall().time_since_epoch());
    if (std::string why = config::why_too_late(**checked, now.count()); !why.empty())
        return answer(response_of(command::FAILURE, std::move(why)));
    changes_.submit(std::move(*checked), [answer = std::move(answer)](const Changes::Outcome& outcome) mutable {
        answer(outcome ? answer_to_made(*outcome, "Successfully applied request to all workers")
                       : response_of(command::FAILURE, outcome.error().message));
    });
}

void Verbs::stop_softly(Request& request, Answer& answer) {
    std::optional<Duration> limit;
    if (request.soft_stop().has_deadline()) limit = std::chrono::seconds(request.soft_stop().deadline());
    stop_(false, std::move(answer), limit);
}

void Verbs::upgrade(Request& /*request*/, Answer& answer) { upgrade_(std::move(answer)); }

void Verbs::replace_worker(Request& request, Answer& answer) {
    const uint32_t id = request.upgrade_worker();
    workers_.replace(id, [id, answer = std::move(answer)](const Result<Workers::Replaced>& outcome) mutable {
        if (!outcome) {
            answer(response_of(command::FAILURE,
                               fmt::format("worker {} is not replaced: {}", id, outcome.error().message)));
            return;
        }
        answer(
            ok(fmt::format("Upgrade successful: worker {} is replaced by worker {}, {} connections moved, {} still in "
                           "the old one",
                           id, outcome->successor, outcome->moved, outcome->staying)));
    });
}

void Verbs::stop_hard(Request& /*request*/, Answer& answer) { stop_(true, std::move(answer), std::nullopt); }

// ---- about the state

// Nothing that may still be taken back is told.
void Verbs::ask_state(Request request, Answer answer) {
    changes_.when_settled([this, request = std::move(request), answer = std::move(answer)]() mutable {
        Response response = answer_about_state(state_, request, max_answer_bytes_);
        if (!response.content().has_worker_responses()) return answer(response);
        ask_each(std::move(response), answer);
    });
}

// Those who compare processes find an entry for each worker that says it serves the same version of the state. Orders
// are obeyed in their sequence, so whatever was committed before is in force there when it answers.
void Verbs::ask_each(Response of_main, Answer& answer) {
    const auto combine = [of_main = std::move(of_main), version = changes_.version()](Join& join) mutable {
        auto& processes = *of_main.mutable_content()->mutable_worker_responses()->mutable_map();
        const ResponseContent content = processes.at("main");
        std::string missing;
        for (const command::MemberId worker : join.lost()) missing += fmt::format(", {} does not answer", worker);
        join.for_each_answer([&](command::MemberId worker, const worker::Report& report) {
            const uint64_t serves = report.answer().response().content().state_version().version();
            if (serves == version) {
                processes[std::to_string(worker)] = content;
            } else {
                missing += fmt::format(", {} serves version {} of the state instead of {}", worker, serves, version);
            }
        });
        if (missing.empty()) return of_main;
        return response_of(command::FAILURE, fmt::format("workers{}", missing.substr(1)));
    };
    Request question;
    question.mutable_query_state_version();
    ask_workers(question, combine, answer);
}

// ---- about what is going on

void Verbs::ask_workers(const Request& question, Combine combine, Answer& answer) {
    worker::Order order;
    *order.mutable_query() = question;
    // Changes have been checked, questions have not.
    order.mutable_query()->DiscardUnknownFields();
    config::fill_required(*order.mutable_query());
    ask_workers(std::move(order), std::move(combine), answer);
}

// Who is still loading the configuration has nothing to tell, and no time.
void Verbs::ask_workers(worker::Order order, Combine combine, Answer& answer) {
    const uint64_t id = ++last_asking_;
    Asking& asking = askings_[id];
    asking.combine = std::move(combine);
    asking.answer = std::move(answer);
    const std::vector<WorkerProcess*> workers = workers_.begun();
    for (const WorkerProcess* worker : workers) asking.join.expect(worker->id());
    if (workers.empty()) return finish_asking(id);
    for (WorkerProcess* worker : workers) {
        const auto on_report = [this, id, member = worker->id()](const worker::Report* report) {
            Join& join = askings_.at(id).join;
            if (report != nullptr && (report->has_answer() || report->has_condition())) {
                join.answer(member, *report);
            } else {
                join.lose(member);
            }
            if (join.complete()) finish_asking(id);
        };
        worker->order(order, WorkerProcess::Patience::question, on_report);
    }
}

void Verbs::finish_asking(uint64_t id) {
    auto node = askings_.extract(id);
    Asking& asking = node.mapped();
    asking.answer(asking.combine(asking.join));
}

void Verbs::list_workers(Request& /*request*/, Answer& answer) {
    Response response = ok();
    *response.mutable_content()->mutable_workers() = infos_of(workers_);
    answer(response);
}

// What a worker says of itself goes before what we think of it.
void Verbs::status(Request& /*request*/, Answer& answer) {
    const auto combine = [this](Join& join) {
        Response response = ok();
        command::WorkerInfos& infos = *response.mutable_content()->mutable_workers();
        infos = infos_of(workers_);
        const auto state_of = [&infos](command::MemberId worker, command::RunState state) {
            for (command::WorkerInfo& info : *infos.mutable_vec()) {
                if (info.id() == worker && info.run_state() == command::RUNNING) info.set_run_state(state);
            }
        };
        for (const command::MemberId worker : join.lost()) state_of(worker, command::NOT_ANSWERING);
        join.for_each_answer([&](command::MemberId worker, const worker::Report& report) {
            if (report.condition().state() == worker::Condition::DRAINING) state_of(worker, command::STOPPING);
        });
        return response;
    };
    worker::Order order;
    order.mutable_status();
    ask_workers(std::move(order), combine, answer);
}

void Verbs::metrics(Request& request, Answer& answer) {
    if (request.query_metrics().list()) return metric_names(request, answer);
    if (const std::string name = unknown_metric(request.query_metrics(), figures_.all()); !name.empty()) {
        return answer(response_of(command::FAILURE, fmt::format("there is no metric '{}'", name)));
    }
    // As they are now: who ends after its answer is not counted twice.
    const auto combine = [this, query = request.query_metrics(),
                          former = former_figures_.answer(request.query_metrics(), state_)](Join& join) {
        Response response = ok();
        command::AggregatedMetrics& metrics = *response.mutable_content()->mutable_metrics();
        name_silent(join, metrics);
        // Workers would tell the same number each, and their sum would be no number of anything.
        for (const auto& [name, metric] : figures_.all()) {
            if (wants(query, name)) (*metrics.mutable_main())[name] = metric;
        }
        join.for_each_answer([&](command::MemberId worker, const worker::Report& report) {
            const Response& of_one = report.answer().response();
            if (of_one.status() != command::OK) return;
            if (query.workers()) {
                (*metrics.mutable_workers())[std::to_string(worker)] = of_one.content().worker_metrics();
            } else {
                join_metrics(metrics, of_one.content().worker_metrics());
            }
        });
        if (query.workers()) {
            if (!former.proxy().empty()) (*metrics.mutable_workers())["former"] = former;
        } else {
            join_metrics(metrics, former);
        }
        if (query.no_clusters()) return response;
        std::string unknown = unknown_thing(query, state_, metrics);
        if (!unknown.empty()) return response_of(command::FAILURE, std::move(unknown));
        return response;
    };
    ask_workers(request, combine, answer);
}

// Each worker says how fine it measures now. Those that refused are missing, as in Sōzu, which answers OK.
void Verbs::metric_detail(Request& request, Answer& answer) {
    constexpr size_t max_id_size = 64;
    constexpr uint32_t longest_lease_s = 300;
    const command::SetMetricDetail& lease = request.set_metric_detail();
    if (lease.client_id().empty() || lease.client_id().size() > max_id_size) {
        return answer(response_of(command::FAILURE, fmt::format("client_id: it must have 1 to {} bytes", max_id_size)));
    }
    if (lease.ttl_seconds() > longest_lease_s)
        return answer(response_of(command::FAILURE, fmt::format("ttl_seconds: {} at most", longest_lease_s)));
    const auto combine = [detail = workers_.metric_detail()](Join& join) {
        Response response = ok();
        command::MetricDetailStatus& status = *response.mutable_content()->mutable_metric_detail_status();
        status.set_configured(detail);
        status.set_effective(detail);
        status.set_previous_effective(detail);
        join.for_each_answer([&](command::MemberId worker, const worker::Report& report) {
            const Response& of_one = report.answer().response();
            if (of_one.status() != command::OK) return;
            (*status.mutable_workers())[std::to_string(worker)] = of_one.content().worker_metric_detail_status();
        });
        return response;
    };
    ask_workers(request, combine, answer);
}

void Verbs::metric_names(Request& request, Answer& answer) {
    const auto combine = [this](Join& join) {
        Response response = ok();
        command::AvailableMetrics& names = *response.mutable_content()->mutable_available_metrics();
        for (const auto& [name, metric] : figures_.all()) names.add_proxy_metrics(name);
        name_silent(join, names);
        join.for_each_answer([&](command::MemberId, const worker::Report& report) {
            const Response& of_one = report.answer().response();
            if (of_one.status() == command::OK) join_names(names, of_one.content().available_metrics());
        });
        return response;
    };
    ask_workers(request, combine, answer);
}

void Verbs::sessions(Request& request, Answer& answer) {
    const auto combine = [](Join& join) {
        Response response = ok();
        command::SessionsList& list = *response.mutable_content()->mutable_sessions();
        name_silent(join, list);
        join.for_each_answer([&](command::MemberId, const worker::Report& report) {
            const Response& of_one = report.answer().response();
            list.mutable_vec()->MergeFrom(of_one.content().sessions().vec());
            if (of_one.content().sessions().truncated()) list.set_truncated(true);
        });
        return response;
    };
    ask_workers(request, combine, answer);
}

void Verbs::close_sessions(Request& request, Answer& answer) {
    const command::CloseSessions& asked = request.close_sessions();
    if (asked.cluster_id().empty()) return answer(response_of(command::FAILURE, "cluster_id: it must not be empty"));
    if (asked.has_address()) {
        if (auto address = config::from_wire(asked.address()); !address)
            return answer(response_of(command::FAILURE, "address: " + address.error().message));
    }
    const auto combine = [](Join& join) {
        Response response = ok();
        command::ClosedSessions& all = *response.mutable_content()->mutable_closed_sessions();
        all.set_closed(0);
        all.set_draining(0);
        join.for_each_answer([&](command::MemberId, const worker::Report& report) {
            const command::ClosedSessions& of_one = report.answer().response().content().closed_sessions();
            all.set_closed(all.closed() + of_one.closed());
            all.set_draining(all.draining() + of_one.draining());
        });
        for (const command::MemberId worker : join.lost()) {
            response.set_status(command::FAILURE);
            *response.mutable_message() +=
                fmt::format("{}worker {} does not answer", response.message().empty() ? "" : ", ", worker);
        }
        return response;
    };
    ask_workers(request, combine, answer);
}

// The limit may change; how large a network is holds until the end.
void Verbs::subnet_limit(Request& /*request*/, Answer& answer) {
    Response response = ok();
    auto& limit = *response.mutable_content()->mutable_max_connections_per_subnet_limit();
    limit.set_limit(state_.limits().max_connections_per_subnet);
    limit.set_ipv4_prefix(workers_.server_settings().subnet_ipv4_prefix());
    limit.set_ipv6_prefix(workers_.server_settings().subnet_ipv6_prefix());
    answer(response);
}

void Verbs::kill_session(Request& request, Answer& answer) {
    const auto combine = [id = request.kill_session().id()](Join& join) {
        std::string reason = fmt::format("there is no session {}", id);
        for (const command::MemberId worker : join.lost())
            reason += fmt::format(", and worker {} does not answer", worker);
        Response response = response_of(command::FAILURE, std::move(reason));
        join.for_each_answer([&](command::MemberId, const worker::Report& report) {
            const Response& of_one = report.answer().response();
            if (of_one.status() == command::OK) response = of_one;
        });
        return response;
    };
    ask_workers(request, combine, answer);
}

// First each says how many it has. Who does not answer is left out.
void Verbs::rebalance_sessions(Request& /*request*/, Answer& answer) {
    if (workers_.replacing())
        return answer(response_of(command::FAILURE, "a worker is being replaced: its connections move already"));
    const auto counts = std::make_shared<ClientCounts>();
    const auto combine = [counts](Join& join) {
        join.for_each_answer([&](command::MemberId worker, const worker::Report& report) {
            if (report.condition().state() == worker::Condition::SERVING)
                (*counts)[worker] = report.condition().clients();
        });
        return ok();
    };
    Answer counted = [this, counts, answer = std::move(answer)](const Response& /*counted*/) mutable {
        Rebalance::run(workers_, *counts, [answer = std::move(answer)](const Rebalance::Outcome& outcome) mutable {
            std::string said = fmt::format("{} connections moved", outcome.moved);
            for (const auto& [worker, clients] : outcome.counts)
                said += fmt::format("{}worker {} has {}", said.contains(':') ? ", " : ": ", worker, clients);
            answer(ok(std::move(said)));
        });
    };
    worker::Order order;
    order.mutable_status();
    ask_workers(std::move(order), combine, counted);
}

// One that fails, or does not answer, may be the one that has something else than the others.
void Verbs::certificates(Request& request, Answer& answer) {
    const auto combine = [](Join& join) {
        Response response = ok();
        std::string problems;
        const auto note = [&problems](command::MemberId worker, std::string_view why) {
            problems += fmt::format("{}worker {}: {}", problems.empty() ? "" : ", ", worker, why);
        };
        for (const command::MemberId worker : join.lost()) note(worker, "no answer");
        join.for_each_answer([&](command::MemberId worker, const worker::Report& report) {
            const Response& of_one = report.answer().response();
            if (of_one.status() != command::OK) return note(worker, of_one.message());
            auto& contents = *response.mutable_content()->mutable_worker_responses()->mutable_map();
            contents[std::to_string(worker)] = of_one.content();
        });
        return problems.empty() ? response : response_of(command::FAILURE, std::move(problems));
    };
    ask_workers(request, combine, answer);
}

}  // namespace seki::supervisor
