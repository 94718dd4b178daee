#include "convert/haproxy/haproxy.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "convert/haproxy/frontends.h"
#include "convert/values.h"

namespace seki::convert::haproxy {
namespace {

struct Known {
    std::string_view words;  // that a line begins with; "log" is not for "log-format"
    RemarkKind kind;
    std::string_view reason;
};
constexpr auto lost = RemarkKind::lost;
constexpr auto not_needed = RemarkKind::not_needed;
constexpr std::string_view process = "Seki has its own way of running its processes";
constexpr std::string_view logs = "logs are log_target, access_logs_target and access_logs_format here";
constexpr std::string_view figures = "figures are `seki metrics get`";
constexpr std::string_view passes = "Seki does so by itself";
constexpr std::string_view unavailable = "there is no such thing";
constexpr std::string_view tables = "limits are rate_limit and max_connections_per_ip of a cluster, or of the file";

constexpr auto table = std::to_array<Known>({
    {"option httplog", not_needed, logs},
    {"option tcplog", not_needed, logs},
    {"option dontlognull", not_needed, logs},
    {"option dontlog-normal", lost, logs},
    {"option logasap", not_needed, logs},
    {"option log-health-checks", not_needed, logs},
    {"option socket-stats", not_needed, figures},
    {"option contstats", not_needed, figures},
    {"option forwardfor", not_needed, passes},
    {"option http-server-close", not_needed, passes},
    {"option http-keep-alive", not_needed, passes},
    {"option prefer-last-server", not_needed, passes},
    {"option httpclose", lost, "connections of clients and backends are kept"},
    {"option forceclose", lost, "connections of clients and backends are kept"},
    {"option redispatch", not_needed, passes},
    {"option abortonclose", not_needed, passes},
    {"option clitcpka", not_needed, passes},
    {"option srvtcpka", not_needed, passes},
    {"option tcpka", not_needed, passes},
    {"option splice-auto", not_needed, passes},
    {"option splice-request", not_needed, passes},
    {"option splice-response", not_needed, passes},
    {"option http-ignore-probes", not_needed, passes},
    {"option http-use-htx", not_needed, passes},
    {"option tcp-smart-accept", not_needed, passes},
    {"option tcp-smart-connect", not_needed, passes},
    {"option", lost, unavailable},
    {"retries", not_needed, "max_connection_attempts"},
    {"redispatch", not_needed, passes},
    {"retry-on", lost, "what may be sent again is, where a connection was lost"},
    {"maxconn", lost, "max_connections of the file, of clients of each worker"},
    {"fullconn", lost, "there is no limit of connections to a backend"},
    {"backlog", not_needed, "listen_backlog"},
    {"log", not_needed, logs},
    {"log-format", lost, logs},
    {"log-tag", not_needed, logs},
    {"error-log-format", lost, logs},
    {"capture", lost, logs},
    {"unique-id-format", lost, "each request has an id already; see sozu_id_header"},
    {"unique-id-header", lost, "each request has an id already; see sozu_id_header"},
    {"stats", lost, figures},
    {"monitor-uri", lost, "Seki has no answers of its own for this"},
    {"monitor", lost, "Seki has no answers of its own for this"},
    {"errorfile", lost, "answers of Seki are 'answers' of a listener or cluster"},
    {"errorfiles", lost, "answers of Seki are 'answers' of a listener or cluster"},
    {"errorloc", lost, "answers of Seki are 'answers' of a listener or cluster"},
    {"http-error", lost, "answers of Seki are 'answers' of a listener or cluster"},
    {"timeout queue", not_needed, "nobody waits in a queue"},
    {"timeout check", lost, "health checks are not available yet"},
    {"timeout http-keep-alive", lost, "front_timeout is about idle clients as well"},
    {"timeout client-fin", lost, "client_half_close_timeout of the listener"},
    {"timeout server-fin", not_needed, passes},
    {"timeout tarpit", not_needed, "nobody is kept waiting"},
    {"timeout", not_needed, "nothing that is converted has this timeout"},
    {"contimeout", lost, "write it as 'timeout connect'"},
    {"clitimeout", lost, "write it as 'timeout client'"},
    {"srvtimeout", lost, "write it as 'timeout server'"},
    {"balance", not_needed, "nothing that is converted uses it"},
    {"cookie", not_needed, "nothing that is converted uses it"},
    {"mode", not_needed, "nothing that is converted uses it"},
    {"acl", not_needed, "no rule that is converted asks for it"},
    {"stick-table", lost, tables},
    {"stick", lost, tables},
    {"compression", lost, "Seki compresses nothing; let the backends do it"},
    {"filter", lost, unavailable},
    {"http-request track-sc0", lost, tables},
    {"http-request cache-use", lost, "Seki keeps no copies of answers"},
    {"http-response cache-store", lost, "Seki keeps no copies of answers"},
    {"http-request set-path", lost, "rewrite_path of a frontend"},
    {"http-request replace-path", lost, "rewrite_path of a frontend"},
    {"http-request replace-uri", lost, "rewrite_path of a frontend"},
    {"http-request", lost, "this has no counterpart"},
    {"http-response", lost, "this has no counterpart"},
    {"http-after-response", lost, "this has no counterpart"},
    {"http-reuse", not_needed, "backend_reuse of a cluster"},
    {"tcp-request", lost, "this has no counterpart"},
    {"tcp-response", lost, "this has no counterpart"},
    {"use-server", lost, "servers are chosen by load_balancing and sticky sessions"},
    {"server-template", lost, "write a backend for each"},
    {"reqadd", lost, "write it as 'http-request add-header'"},
    {"description", not_needed, process},
    {"id", not_needed, process},
    {"disabled", lost, "it is converted as if it were enabled"},
});

// Of `global`; all others there are told as lost.
constexpr std::array process_words{"daemon",
                                   "chroot",
                                   "user",
                                   "group",
                                   "uid",
                                   "gid",
                                   "pidfile",
                                   "nbproc",
                                   "log",
                                   "log-tag",
                                   "log-send-hostname",
                                   "stats",
                                   "maxconn",
                                   "ulimit-n",
                                   "hard-stop-after",
                                   "cpu-map",
                                   "zero-warning",
                                   "default-path",
                                   "master-worker",
                                   "node",
                                   "description",
                                   "quiet",
                                   "spread-checks",
                                   "maxpipes",
                                   "nosplice",
                                   "expose-fd",
                                   "localpeer",
                                   "set-dumpable",
                                   "presetenv",
                                   "setenv",
                                   "unix-bind",
                                   "numa-cpu-mapping",
                                   "thread-groups",
                                   "maxcompcpuusage",
                                   "maxsslconn",
                                   "maxconnrate",
                                   "insecure-fork-wanted",
                                   "mworker-max-reloads",
                                   "strict-limits",
                                   "external-check",
                                   "maxsessrate",
                                   "ca-base",
                                   "crt-base",
                                   "server-state-file",
                                   "server-state-base",
                                   "ssl-server-verify",
                                   "ssl-dh-param-file",
                                   "debug",
                                   "noepoll"};

bool begins_with(const Line& line, std::string_view words) {
    size_t at = 0;
    for (const std::string& word : words_of(words)) {
        if (line.word(at++) != word) return false;
    }
    return true;
}

class Conversion {
public:
    Conversion(const Backends::Sections& sections, const Files& files, Remarks& remarks)
        : sections_(sections),
          remarks_(remarks),
          backends_(sections, model_, remarks),
          frontends_(model_, backends_, files, defaults_, remarks) {}

    Result<Model> run() {
        model_.global.text("command_socket", "seki.sock");
        for (const auto& section : sections_) {
            if (section->kind() == "global") read_global(*section);
        }
        for (const auto& section : sections_) {
            if (section->kind() == "frontend" || section->kind() == "listen") frontends_.add(*section);
        }
        if (model_.listeners.empty()) return failure("there is no frontend in it, so nothing to convert");
        for (const auto& section : sections_) tell(*section);
        return std::move(model_);
    }

private:
    void read_global(const Section& section) {
        if (const Line* said = section.find("crt-base")) defaults_.certificate_folder = said->word(1);
        if (const Line* said = section.find("ca-base")) defaults_.authority_folder = said->word(1);
        if (const Line* said = section.find("nbthread")) {
            if (const auto count = number_of(said->word(1)); count && *count > 0 && *count <= 1024)
                model_.global.number("worker_count", *count);
        }
        if (const Line* said = section.find("ssl-default-bind-options")) {
            for (size_t i = 1; i < said->words.size(); ++i) {
                const std::string_view word = said->words[i];
                if (word == "no-tlsv12" || word == "force-tlsv13" ||
                    (word == "ssl-min-ver" && said->word(i + 1) == "TLSv1.3"))
                    defaults_.only_tls13 = true;
            }
        }
    }

    void tell(const Section& section) {
        const bool global = section.kind() == "global";
        constexpr std::array read{"global", "defaults", "frontend", "listen", "backend"};
        if (std::ranges::find(read, section.kind()) == read.end()) {
            remarks_.lost(section.head.origin, "sections of this kind have no counterpart");
            return;
        }
        if (section.kind() == "backend" && model_.cluster(section.name()) == nullptr) {
            remarks_.not_needed(section.head.origin, "nothing that is converted uses it");
            return;
        }
        for (const Line& line : section.lines) {
            if (line.handled) continue;
            if (global) {
                tell_global(line);
            } else {
                tell_line(line);
            }
        }
    }

    void tell_global(const Line& line) {
        const bool known = std::ranges::find(process_words, line.word(0)) != process_words.end() ||
                           line.word(0).starts_with("tune.") || line.word(0).starts_with("ssl-default-server-") ||
                           line.word(0).starts_with("no");
        if (known) {
            remarks_.not_needed(line.origin, std::string(process));
        } else if (line.word(0).starts_with("ssl-default-bind-")) {
            remarks_.lost(line.origin,
                          "Seki has a list of its own, of ciphers with forward secrecy; cipher_list of the "
                          "listener changes it");
        } else {
            remarks_.lost(line.origin, "this has no counterpart");
        }
    }

    void tell_line(const Line& line) {
        const auto* found =
            std::ranges::find_if(table, [&](const Known& each) { return begins_with(line, each.words); });
        if (line.word(0) == "no") return remarks_.not_needed(line.origin, std::string(process));
        if (found == table.end()) {
            remarks_.lost(line.origin, fmt::format("`seki convert` does not know '{}'", line.word(0)));
        } else if (found->kind == not_needed) {
            remarks_.not_needed(line.origin, std::string(found->reason));
        } else {
            remarks_.lost(line.origin, std::string(found->reason));
        }
    }

    const Backends::Sections& sections_;
    Remarks& remarks_;
    Model model_;
    Backends backends_;
    Defaults defaults_;
    Frontends frontends_;
};

}  // namespace

Result<Model> read(const std::string& path, const Files& files, Remarks& remarks) {
    const auto sections = read_sections(path, files, remarks);
    if (!sections) return std::unexpected(sections.error());
    auto model = Conversion(*sections, files, remarks).run();
    if (!model) return failure("{}: {}", path, model.error().message);
    return model;
}

}  // namespace seki::convert::haproxy
