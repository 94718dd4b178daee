#pragma once

// The rules of a frontend for one host of a listener, in their order: what answers by itself, which backend is used,
// and what happens to requests on the way.

#include <string>
#include <vector>

#include "convert/haproxy/backends.h"
#include "convert/haproxy/condition.h"

namespace seki::convert::haproxy {

class Rules {
public:
    Rules(const Section& frontend, Backends& backends, Remarks& remarks)
        : frontend_(frontend), acls_(frontend), backends_(backends), remarks_(remarks) {}

    // All hosts that rules of the frontend, or of a backend that it names, ask about.
    [[nodiscard]] std::vector<std::string> hosts() const;
    [[nodiscard]] std::vector<Route> routes(const Asked& asked);
    // Sections of the backends that it may use.
    [[nodiscard]] std::vector<const Section*> used() const;

private:
    struct Entry {
        Match match;
        std::vector<Match> exceptions;
        Route route;
    };

    void add_answers(const Section& section, const Acls& acls, std::vector<Entry>& entries);
    void add(const Line& line, const AnyOf& condition, const Route& route, std::vector<Entry>& entries);
    std::optional<Route> answer_of(const Line& line, size_t at);
    std::optional<Route> redirect_of(const Line& line, size_t at);
    void add_backends(std::vector<Entry>& entries);
    void lead_to(const Section& backend, const Line& line, const AnyOf& condition, std::vector<Entry>& entries);
    void add_edits(const Section& section, const Acls& acls, const Asked& asked, std::vector<Keys>& edits);
    std::optional<Keys> edit_of(const Line& line);
    std::vector<Route> flow(const std::vector<Entry>& entries);
    [[nodiscard]] static size_t condition_at(const Line& line);

    const Section& frontend_;
    Acls acls_;
    Backends& backends_;
    Remarks& remarks_;
    Asked asked_;
};

}  // namespace seki::convert::haproxy
