#pragma once

// One line per exchange, per tunnel and per TCP session, as JSON, as protobuf, or in the text form that Sōzu writes:
//
//     <time> <ns> <pid> <level> <tag>⇥[<session> <request> <cluster> <backend>] <client> <backend address>
//     <request>/<service>/<response>/<client rtt>/<backend rtt> <in> <out> [<tags>, user-agent=…] None <protocol>
//     <endpoint>[ | <message>]
//
// What a client sent is escaped (control bytes, spaces, whatever is not ASCII) and cut, so that nobody can forge a
// line, speak to a terminal, or push the status out of the line.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/ulid.h"
#include "observe/access_tags.h"
#include "observe/line.h"
#include "observe/log.h"
#include "observe/log_sink.h"

namespace seki::observe {

class AccessRecord;

// An empty text is an absent one, shown as "-".
struct AccessLine {
    WallTime now{};
    bool failed = false;
    Ulid session;
    std::optional<Ulid> request;
    std::string_view cluster;
    std::string_view backend;
    std::string_view client;  // "192.0.2.9:51234"
    std::string_view backend_address;

    std::optional<Duration> request_time;   // since its first byte
    std::optional<Duration> service_time;   // of it, our part
    std::optional<Duration> response_time;  // since there was a connection to a backend
    std::optional<Duration> client_rtt;
    std::optional<Duration> backend_rtt;
    uint64_t bytes_in = 0;   // from the client
    uint64_t bytes_out = 0;  // to the client

    std::string_view tags;                 // "k=v, k2=v2"
    const AccessTags* tag_list = nullptr;  // the same one by one
    std::string_view user_agent;
    // Of the client's certificate.
    std::string_view client_subject;
    std::string_view client_fingerprint;
    std::string_view protocol;  // http, https, WS, TCP
    bool has_endpoint = true;   // false: TCP, shown as "-"
    std::string_view authority;
    std::string_view method;
    std::string_view path;
    uint16_t status = 0;  // 0: none
    std::string_view message;

    // Of a connection with TLS; not in the text.
    std::string_view tls_version;  // TLSv1.3
    std::string_view tls_cipher;
    std::string_view tls_sni;
    std::string_view tls_alpn;
};

class AccessLog {
public:
    // How much of a line each text may take, so that all of them together fit.
    static constexpr size_t max_name_bytes = 256;
    static constexpr size_t max_authority_bytes = 256;
    static constexpr size_t max_method_bytes = 32;
    static constexpr size_t max_path_bytes = 1536;
    static constexpr size_t max_user_agent_bytes = 512;
    static constexpr size_t max_subject_bytes = 256;
    static constexpr size_t max_tags_bytes = 512;
    static constexpr size_t max_message_bytes = 256;

    enum class Format : uint8_t {
        text,
        records,  // Sōzu's protobuf (access_record.h)
        json      // access_json.h
    };

    // All outlive the access log. `log` has the filter: module `access`, level error for what failed, else info. The
    // sink has records alone, or text alone.
    AccessLog(LogSink& sink, LineHead& head, const Log& log, Format format = Format::text);
    ~AccessLog();

    void set_coloured(bool coloured) noexcept { coloured_ = coloured; }
    // Nothing need be collected for a line that is not wanted.
    [[nodiscard]] bool wants(bool failed) const noexcept {
        return log_.wants(failed ? Level::error : Level::info, Module::access);
    }
    // Nor what only some formats have.
    [[nodiscard]] bool shows_tls() const noexcept { return format_ != Format::text; }
    void write(const AccessLine& access);

    [[nodiscard]] uint64_t lines() const noexcept { return lines_; }
    // Lines that the sink had no room for.
    [[nodiscard]] uint64_t lost_lines() const noexcept { return lost_; }
    [[nodiscard]] LogSink& sink() noexcept { return sink_; }

private:
    size_t write_into(std::span<char> window, const AccessLine& access);
    void write_text(LineWriter& line, const AccessLine& access);

    LogSink& sink_;
    LineHead& head_;
    const Log& log_;
    Format format_;
    std::unique_ptr<AccessRecord> record_;  // where the format is records
    uint64_t lines_ = 0;
    uint64_t lost_ = 0;
    bool coloured_ = false;
};

}  // namespace seki::observe
