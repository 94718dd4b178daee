#include "supervisor/audit_log.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/utf8.h"
#include "config/limits.h"
#include "config/subject.h"
#include "observe/json_line.h"

namespace seki::supervisor {

namespace {

using command::Request;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Verb = Request::RequestTypeCase;

constexpr size_t max_reason_size = 256;
constexpr size_t max_target_size = 1024;
constexpr std::string_view unknown = "unknown";

struct Name {
    Verb verb;
    std::string_view name;
    std::string_view kind;  // of the target
};
// Those that Sōzu has. All others are called what the schema calls them.
constexpr auto names = std::to_array<Name>({
    {Verb::kAddCluster, "cluster_added", "cluster"},
    {Verb::kRemoveCluster, "cluster_removed", "cluster"},
    {Verb::kAddHttpFrontend, "http_frontend_added", "frontend:http"},
    {Verb::kRemoveHttpFrontend, "http_frontend_removed", "frontend:http"},
    {Verb::kAddHttpsFrontend, "https_frontend_added", "frontend:https"},
    {Verb::kRemoveHttpsFrontend, "https_frontend_removed", "frontend:https"},
    {Verb::kAddTcpFrontend, "tcp_frontend_added", "frontend:tcp"},
    {Verb::kRemoveTcpFrontend, "tcp_frontend_removed", "frontend:tcp"},
    {Verb::kAddUdpFrontend, "udp_frontend_added", "frontend:udp"},
    {Verb::kRemoveUdpFrontend, "udp_frontend_removed", "frontend:udp"},
    {Verb::kAddBackend, "backend_added", "backend"},
    {Verb::kRemoveBackend, "backend_removed", "backend"},
    {Verb::kAddCertificate, "certificate_added", "certificate"},
    {Verb::kRemoveCertificate, "certificate_removed", "certificate"},
    {Verb::kReplaceCertificate, "certificate_replaced", "certificate"},
    {Verb::kActivateListener, "listener_activated", "listener"},
    {Verb::kDeactivateListener, "listener_deactivated", "listener"},
    {Verb::kRemoveListener, "listener_removed", "listener"},
    {Verb::kAddHttpListener, "http_listener_added", "listener:http"},
    {Verb::kUpdateHttpListener, "http_listener_updated", "listener:http"},
    {Verb::kAddHttpsListener, "https_listener_added", "listener:https"},
    {Verb::kUpdateHttpsListener, "https_listener_updated", "listener:https"},
    {Verb::kAddTcpListener, "tcp_listener_added", "listener:tcp"},
    {Verb::kUpdateTcpListener, "tcp_listener_updated", "listener:tcp"},
    {Verb::kAddUdpListener, "udp_listener_added", "listener:udp"},
    {Verb::kUpdateUdpListener, "udp_listener_updated", "listener:udp"},
    {Verb::kSaveState, "state_saved", "file"},
    {Verb::kSaveStateAs, "state_saved", "file"},
    {Verb::kLoadState, "state_loaded", "file"},
    {Verb::kReloadConfiguration, "configuration_reloaded", "config"},
    {Verb::kReload, "configuration_reloaded", "config"},
    {Verb::kLogging, "logging_level_changed", "logging"},
    {Verb::kConfigureMetrics, "metrics_configured", "metrics"},
    {Verb::kSetMetricDetail, "metric_detail_changed", "metric_detail"},
    {Verb::kSubscribeEvents, "events_subscribed", "subscribe"},
    {Verb::kSoftStop, "sozu_stop_requested", "stop:soft"},
    {Verb::kHardStop, "sozu_stop_requested", "stop:hard"},
    {Verb::kUpgradeMain, "main_upgraded", "executable"},
    {Verb::kUpgradeWorker, "worker_upgraded", "worker"},
});

const FieldDescriptor* verb_field(const Request& request) {
    return request.GetReflection()->GetOneofFieldDescriptor(request, request.GetDescriptor()->oneof_decl(0));
}

// A text of the verb's message, where it has one of this name.
std::string text_in(const Request& request, const char* name) {
    const FieldDescriptor* verb = verb_field(request);
    if (verb == nullptr || verb->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return {};
    const Message& message = request.GetReflection()->GetMessage(request, verb);
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
    if (field == nullptr || field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return {};
    return message.GetReflection()->GetString(message, field);
}

// Who guesses at it could try that out.
bool has_ticket_secret(const Request& request) {
    return request.has_set_tls_ticket_secret() ||
           std::ranges::any_of(request.apply_changes().changes(), &Request::has_set_tls_ticket_secret);
}

std::string digest_of(const Request& request) {
    if (has_ticket_secret(request)) return {};
    constexpr size_t shown_bytes = 8;
    const std::string bytes = request.SerializePartialAsString();
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) return {};
    std::string text;
    for (size_t i = 0; i < shown_bytes; ++i) text += fmt::format("{:02x}", digest[i]);
    return text;
}

std::string time_text(WallTime time) {
    observe::LineHead head("", 0);
    return std::string(head.time(time));
}

std::string cut(std::string text, size_t size) {
    if (text.size() > size) text.resize(size);
    return text;
}

// Printable, and without what separates the parts of a line of text.
std::string part(std::string_view text) {
    std::string out = printable(text);
    for (char& c : out) {
        if (c == ',' || c == '=' || c == '(' || c == ')' || c == '\n') c = '?';
    }
    return out.empty() ? std::string(unknown) : out;
}

std::string id_part(const std::string& id) {
    if (id.empty()) return "-";
    std::string out = part(id);
    for (char& c : out) {
        if (c == ' ' || c == '[' || c == ']') c = '?';
    }
    return out;
}

}  // namespace

bool is_question(const Request& request) {
    switch (request.request_type_case()) {
        case Verb::kStatus:
        case Verb::kListWorkers:
        case Verb::kListFrontends:
        case Verb::kListListeners:
        case Verb::kQueryClusterById:
        case Verb::kQueryClustersByDomain:
        case Verb::kQueryClustersHashes:
        case Verb::kQueryMetrics:
        case Verb::kQueryCertificatesFromTheState:
        case Verb::kQueryCertificatesFromWorkers:
        case Verb::kCountRequests:
        case Verb::kQueryMaxConnectionsPerIp:
        case Verb::kQueryMaxConnectionsPerSubnet:
        case Verb::kQueryHealthChecks:
        case Verb::kQuerySessions:
        case Verb::kSubscribeEvents:
        case Verb::kQueryStateVersion:
            return true;
        case Verb::kQueryState:
            return request.query_state().without_keys();
        default:
            return false;
    }
}

Asked Asked::of(const Request& request, bool with_digest) {
    Asked asked;
    const auto* const found = std::ranges::find(names, request.request_type_case(), &Name::verb);
    const FieldDescriptor* verb = verb_field(request);
    const std::string subject = config::subject(request);
    if (found != names.end()) {
        asked.verb = found->name;
        asked.target = fmt::format("{}{}{}", found->kind, subject.empty() ? "" : ":", subject);
    } else {
        asked.verb = verb == nullptr ? std::string(unknown) : verb->name();
        asked.target = subject;
    }
    std::ranges::replace(asked.target, ' ', ':');
    asked.target = cut(std::move(asked.target), max_target_size);
    // They come before anybody judges them; who acted, and how it ended, must have room behind them.
    const std::string cluster =
        request.has_remove_cluster() ? request.remove_cluster() : text_in(request, "cluster_id");
    asked.cluster = cut(cluster, config::max_cluster_id_size);
    asked.backend = cut(text_in(request, "backend_id"), config::max_backend_id_size);
    asked.acts = !is_question(request);
    if (with_digest) asked.digest = digest_of(request);
    return asked;
}

// ---- the log

struct AuditLog::Entry {
    const Peer& peer;
    const Ulid& request;
    const Asked& asked;
    bool failed;
    std::string reason;
    Duration elapsed;
    WallTime now;
};

Result<std::unique_ptr<AuditLog>> AuditLog::open(const Settings& settings, observe::LineHead& head,
                                                 observe::LogFlusher& flusher) {
    if (settings.text_target.empty() && settings.json_target.empty()) return nullptr;
    std::unique_ptr<AuditLog> log(new AuditLog(head, settings.socket));
    const auto open_one = [&](const std::string& target, std::unique_ptr<observe::LogSink>& sink) -> Result<> {
        if (target.empty()) return {};
        auto opened = observe::LogSink::open(target, head);
        if (!opened) return std::unexpected(opened.error());
        sink = std::move(*opened);
        flusher.add(*sink);
        return {};
    };
    if (auto opened = open_one(settings.text_target, log->text_); !opened) return std::unexpected(opened.error());
    if (auto opened = open_one(settings.json_target, log->json_); !opened) return std::unexpected(opened.error());
    return log;
}

void AuditLog::write(const Peer& peer, const Ulid& request, const Asked& asked, const command::Response& response,
                     Duration elapsed, WallTime now) {
    const bool failed = response.status() == command::FAILURE;
    const Entry entry{peer,    request, asked, failed, failed ? cut(response.message(), max_reason_size) : "",
                      elapsed, now};
    if (text_ != nullptr) write_text(entry);
    if (json_ != nullptr) write_json(entry);
}

void AuditLog::write_text(const Entry& entry) {
    const std::span<char> window = text_->open_line(entry.now);
    if (window.empty()) return;
    observe::LineWriter line(window);
    head_.write(line, entry.now, "INFO ");
    const Peer& peer = entry.peer;
    const auto number = [&peer](auto ucred::* which) {
        return peer.credentials ? std::to_string((*peer.credentials).*which) : std::string(unknown);
    };
    std::string text = fmt::format(
        "[{} {} {} {}]\tAUDIT\tCommand(ts={}, verb={}, actor_uid={}, actor_gid={}, actor_pid={}, actor_role={}, "
        "actor_user={}, actor_comm={}, client_id={}, connect_ts={}, socket={}, target={}, result={}",
        peer.session.text(), entry.request.text(), id_part(entry.asked.cluster), id_part(entry.asked.backend),
        time_text(entry.now), entry.asked.verb, number(&ucred::uid), number(&ucred::gid), number(&ucred::pid),
        peer.role(), part(peer.user), part(peer.command), peer.id, time_text(peer.connected), part(socket_),
        part(entry.asked.target), entry.failed ? "err" : "ok");
    if (entry.failed) text += fmt::format(", error_code=dispatch_error, reason={}", part(entry.reason));
    text += fmt::format(", elapsed_ms={}, request_sha256={}, sozu_version={}, build_git_sha={}, boot_generation=0)",
                        entry.elapsed / std::chrono::milliseconds(1), entry.asked.digest, SEKI_VERSION, unknown);
    line.add(text);
    line.end_line();
    text_->close_line(line.size());
}

void AuditLog::write_json(const Entry& entry) {
    const std::span<char> window = json_->open_line(entry.now);
    if (window.empty()) return;
    observe::LineWriter line(window);
    observe::JsonLine json(line);
    const Peer& peer = entry.peer;
    const auto known = [](const std::string& text) { return text.empty() ? std::string(unknown) : printable(text); };
    json.text("ts", time_text(entry.now));
    json.number("boot_generation", 0);
    json.text("session_ulid", peer.session.text());
    json.text("request_ulid", entry.request.text());
    json.open("actor");
    if (peer.credentials) {
        json.number("uid", peer.credentials->uid);
        json.number("gid", peer.credentials->gid);
        json.number("pid", static_cast<uint64_t>(peer.credentials->pid));
    }
    json.text("user", known(peer.user));
    json.text("comm", known(peer.command));
    json.text("role", peer.role());
    json.close();
    json.number("client_id", peer.id);
    json.text("connect_ts", time_text(peer.connected));
    json.text("socket", printable(socket_));
    json.text("verb", entry.asked.verb);
    json.text("target", known(entry.asked.target));
    json.text("result", entry.failed ? "err" : "ok");
    json.text("cluster_id", printable(entry.asked.cluster));
    json.text("backend_id", printable(entry.asked.backend));
    json.text("sozu_version", SEKI_VERSION);
    json.text("build_git_sha", unknown);
    json.open("extras");
    if (entry.failed) {
        json.text("error_code", "dispatch_error");
        json.text("reason", printable(entry.reason));
    }
    json.number("elapsed_ms", static_cast<uint64_t>(entry.elapsed / std::chrono::milliseconds(1)));
    json.text("request_sha256", entry.asked.digest);
    json.close();
    json.end();
    json_->close_line(line.size());
}

}  // namespace seki::supervisor
