#pragma once

// One run of a verb against a server: ask, show what comes, say how it ended by the exit code. Answers go to `out`,
// what went wrong to `err`.

#include <functional>
#include <ostream>

#include "ctl/action.h"
#include "ctl/client.h"
#include "ctl/command_line.h"
#include "ctl/settings.h"

namespace seki::ctl {

struct Streams {
    std::ostream& out;
    std::ostream& err;
    bool terminal = false;  // `out` is one: repeated answers may overwrite each other
};

class Conversation {
public:
    using Connect = std::function<Result<Client>()>;

    Conversation(const CommandLine& line, Settings settings, Connect connect, Streams streams);

    // What asks no server is none of its business and must not come here.
    int run(const Action& action);

private:
    int run(const Ask& ask);
    int run(const FollowEvents& follow);
    int run(const Watch& watch);
    int run(const EditCluster& change);
    int run(const ShowTags& tags);
    int run(const ApplyFile& apply);

    // Nothing if it failed, which was told on `err` then.
    std::optional<command::Response> ask(Client& client, const command::Request& request, Timeout timeout);
    std::optional<Client> connect();

    void print(const command::Response& response);
    int fail(const std::string& message);
    [[nodiscard]] Timeout timeout() const;
    [[nodiscard]] Timeout timeout(Ask::Patience patience) const;

    const CommandLine& line_;
    Settings settings_;
    Connect connect_;
    Streams streams_;
};

}  // namespace seki::ctl
