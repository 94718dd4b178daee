#pragma once

// Who did what through the command socket, and what came of it: a line for each request when it is answered, as text
// and as JSON, in the form that Sōzu has. Nobody can forge a line or turn it round: what comes from clients is made
// printable, and in text what separates the parts of a line is taken out of it.

#include <memory>
#include <string>

#include "base/result.h"
#include "base/ulid.h"
#include "command/schema.h"
#include "observe/line.h"
#include "observe/log_flusher.h"
#include "observe/log_sink.h"
#include "supervisor/peer.h"

namespace seki::supervisor {

// Whether it changes nothing.
bool is_question(const command::Request& request);

// What was asked, without its secrets.
struct Asked {
    static Asked of(const command::Request& request, bool with_digest);

    std::string verb;     // cluster_added
    std::string target;   // cluster:shop
    std::string cluster;  // empty: none
    std::string backend;
    std::string digest;  // of the request: 16 hexadecimal digits of SHA-256
    bool acts = false;   // it is no question
};

class AuditLog {
public:
    struct Settings {
        std::string text_target;  // empty: none
        std::string json_target;
        std::string socket;  // the path of the command socket
    };

    // `head` and `flusher` outlive it. Null when there are no targets.
    static Result<std::unique_ptr<AuditLog>> open(const Settings& settings, observe::LineHead& head,
                                                  observe::LogFlusher& flusher);

    void write(const Peer& peer, const Ulid& request, const Asked& asked, const command::Response& response,
               Duration elapsed, WallTime now);

private:
    struct Entry;

    AuditLog(observe::LineHead& head, std::string socket) : head_(head), socket_(std::move(socket)) {}
    void write_text(const Entry& entry);
    void write_json(const Entry& entry);

    observe::LineHead& head_;
    std::string socket_;
    std::unique_ptr<observe::LogSink> text_;
    std::unique_ptr<observe::LogSink> json_;
};

}  // namespace seki::supervisor
