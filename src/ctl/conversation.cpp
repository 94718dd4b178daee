#include "ctl/conversation.h"

#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "ctl/json.h"
#include "ctl/missing.h"
#include "ctl/show/show.h"
#include "ctl/state_file.h"
#include "ctl/terminal_text.h"

namespace seki::ctl {
namespace {

using command::Request;
using command::Response;

// The answer's content without the oneof around it: {"WORKERS": {…}}.
Json content_json(const Response& response) {
    const Json content = to_json(response.content(), Spelling::plain);
    return content["content_type"].is_null() ? Json::object() : content["content_type"];
}

// The settings of the cluster as the supervisor knows it, else as any worker does.
const command::Cluster* find_cluster(const command::WorkerResponses& responses) {
    const command::Cluster* found = nullptr;
    for (const auto& [holder, content] : responses.map()) {
        if (content.clusters().vec().empty() || !content.clusters().vec(0).has_configuration()) continue;
        if (found == nullptr || holder == "main") found = &content.clusters().vec(0).configuration();
    }
    return found;
}

}  // namespace

Conversation::Conversation(const CommandLine& line, Settings settings, Connect connect, Streams streams)
    : line_(line), settings_(std::move(settings)), connect_(std::move(connect)), streams_(streams) {}

int Conversation::run(const Action& action) {
    return std::visit(
        [this]<typename Kind>(const Kind& kind) -> int {
            constexpr bool local = std::is_same_v<Kind, Start> || std::is_same_v<Kind, CheckConfig> ||
                                   std::is_same_v<Kind, DiffStates> || std::is_same_v<Kind, ConvertFile> ||
                                   std::is_same_v<Kind, InitFile> || std::is_same_v<Kind, FormatFile> ||
                                   std::is_same_v<Kind, PrintHelp> || std::is_same_v<Kind, PrintVersion> ||
                                   std::is_same_v<Kind, PrintSchema> || std::is_same_v<Kind, PrintCompletions> ||
                                   std::is_same_v<Kind, PrintManual>;
            SEKI_CHECK(!local);
            if constexpr (local)
                return exit_error;
            else
                return run(kind);
        },
        action);
}

Timeout Conversation::timeout() const {
    const Timeout limit = line_.timeout ? line_.timeout : settings_.timeout;
    return limit == Milliseconds(0) ? std::nullopt : limit;
}

Timeout Conversation::timeout(Ask::Patience patience) const {
    if (patience == Ask::Patience::configured || line_.timeout) return timeout();
    if (patience == Ask::Patience::minute) return std::chrono::minutes(1);
    return std::nullopt;
}

int Conversation::fail(const std::string& message) {
    streams_.err << printable(message) << "\n";
    return exit_error;
}

std::optional<Client> Conversation::connect() {
    Result<Client> client = connect_();
    if (client) return std::move(*client);
    fail(client.error().message);
    return std::nullopt;
}

std::optional<Response> Conversation::ask(Client& client, const Request& request, Timeout limit) {
    const auto tell = [this](const Response& response) {
        if (line_.verbose) streams_.err << "Processing: " << printable(response.message()) << "\n";
    };
    Result<Response> response = client.ask(request, limit, tell);
    if (response && response->status() == command::OK) return std::move(*response);
    fail(response ? "Request failed: " + response->message() : response.error().message);
    return std::nullopt;
}

void Conversation::print(const Response& response) {
    if (line_.json) {
        Json content = content_json(response);
        for (const std::string& warning : response.warnings()) content["warnings"].push_back(warning);
        if (response.has_state_version()) content["state_version"] = std::to_string(response.state_version());
        streams_.out << json_text(content, json_indent) << "\n";
        return;
    }
    const std::string content = show(response.content());
    if (!response.message().empty()) streams_.out << "Success: " << printable(response.message()) << "\n";
    if (response.message().empty() && content.empty()) streams_.out << "Success\n";
    streams_.out << content;
}

int Conversation::run(const Ask& question) {
    std::optional<Client> client = connect();
    if (!client) return exit_error;
    Request request = question.request;
    inherit_timeouts(request, settings_);
    const std::optional<Response> response = ask(*client, request, timeout(question.patience));
    if (!response) return exit_error;
    const std::string missing = what_is_missing(request, response->content());
    if (missing.empty() || line_.json) print(*response);
    return missing.empty() ? exit_ok : fail(missing);
}

int Conversation::run(const FollowEvents&) {
    std::optional<Client> client = connect();
    if (!client) return exit_error;
    Request request;
    request.mutable_subscribe_events();
    const Result<> sent = client->send(request, timeout());
    if (!sent) return fail(sent.error().message);
    for (;;) {
        const Result<Response> response = client->receive(std::nullopt);
        if (!response) return fail(response.error().message);
        if (response->status() == command::FAILURE) return fail("Request failed: " + response->message());
        for (const std::string& warning : response->warnings()) streams_.err << printable(warning) << std::endl;
        if (!response->content().has_event()) continue;
        if (line_.json) {
            Json event = content_json(*response);
            event["source"] = response->message();
            streams_.out << json_text(event) << std::endl;
            continue;
        }
        streams_.out << show_event(response->message(), response->content().event()) << std::flush;
    }
}

int Conversation::run(const Watch& watch) {
    // ECMA-48: cursor to the upper left corner, erase the display.
    constexpr const char* clear_screen = "\x1b[H\x1b[2J";
    std::optional<Client> client = connect();
    if (!client) return exit_error;
    for (;;) {
        const std::optional<Response> response = ask(*client, watch.request, timeout());
        if (!response) return exit_error;
        if (streams_.terminal && !line_.json) streams_.out << clear_screen;
        print(*response);
        streams_.out.flush();
        std::this_thread::sleep_for(watch.interval);
    }
}

int Conversation::run(const EditCluster& change) {
    std::optional<Client> client = connect();
    if (!client) return exit_error;
    Request query;
    query.set_query_cluster_by_id(change.cluster_id);
    const std::optional<Response> known = ask(*client, query, timeout());
    if (!known) return exit_error;
    const command::Cluster* cluster = find_cluster(known->content().worker_responses());
    if (cluster == nullptr) return fail("Request failed: there is no cluster '" + change.cluster_id + "'");

    Request request;
    *request.mutable_add_cluster() = *cluster;
    change.edit(*request.mutable_add_cluster());
    const std::optional<Response> response = ask(*client, request, timeout());
    if (!response) return exit_error;
    print(*response);
    return exit_ok;
}

int Conversation::run(const ShowTags& tags) {
    std::optional<Client> client = connect();
    if (!client) return exit_error;
    const std::optional<Response> response = ask(*client, tags.request, timeout());
    if (!response) return exit_error;
    const std::string missing = what_is_missing(tags.request, response->content());
    if (!missing.empty()) return fail(missing);
    const Holders holders(response->content().worker_responses().map().begin(),
                          response->content().worker_responses().map().end());
    if (line_.json) {
        streams_.out << json_text(tags_json(holders), json_indent) << "\n";
    } else {
        streams_.out << show_tags(holders);
    }
    return exit_ok;
}

// Whoever gives up in between leaves parts that the server forgets.
int Conversation::run(const ApplyFile& apply) {
    auto parts = change_sets(apply.path, apply.last, settings_.max_frame_bytes);
    if (!parts) return fail(parts.error().message);
    std::optional<Client> client = connect();
    if (!client) return exit_error;
    std::optional<uint64_t> id;
    for (command::ChangeSet& part : *parts) {
        Request request;
        *request.mutable_apply_changes() = std::move(part);
        if (id) request.mutable_apply_changes()->set_id(*id);
        const bool last = !request.apply_changes().more();
        const std::optional<Response> response = ask(*client, request, timeout());
        if (!response) return exit_error;
        if (last) print(*response);
        id = response->content().change_set().id();
    }
    return exit_ok;
}

}  // namespace seki::ctl
