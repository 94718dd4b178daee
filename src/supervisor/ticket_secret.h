#pragma once

// What the keys of session tickets are derived from (tls/ticket_keys.h). All workers get the same, also those that come
// later, so that a client whose worker has gone resumes its session at another one; and where a file says it, all
// servers that have the same file. Another one may take its place at any time; of those before, workers that come later
// are told as well, as long as their tickets are taken.

#include <deque>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "handover.pb.h"
#include "worker.pb.h"

namespace seki::supervisor {

// What the file has, to the last byte.
[[nodiscard]] Result<std::string> read_ticket_secret(const std::string& path);

class TicketSecrets {
public:
    // Where no other was set before, the one of the file, or, when it names none, a random one for as long as this
    // supervisor lives.
    Result<> begin(const std::string& file);
    void set(const std::string& secret, WallTime now);
    void tell(worker::Hello& hello) const;
    // For the next supervisor, and from the former one.
    void hand_over(handover::Workers& left) const;
    void take_over(const handover::Workers& left);

private:
    static constexpr size_t most_former = 4;  // as many as TicketKeys keeps; it knows which are too old

    struct Former {
        std::string secret;
        WallTime until;
    };

    template <typename Message>
    void tell_to(Message& message) const;

    std::string current_;
    std::deque<Former> former_;  // the latest last
};

}  // namespace seki::supervisor
