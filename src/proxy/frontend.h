#pragma once

// What a routing rule leads to: a cluster, several of them by weight, a redirect, a refusal, or nothing at all, and
// what is done to the messages on their way. Immutable: a change makes a new one, and exchanges that run keep theirs.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/answer_template.h"
#include "http/scheme.h"
#include "observe/access_tags.h"
#include "proxy/cluster.h"
#include "proxy/field_edits.h"
#include "proxy/hsts.h"
#include "proxy/rewrite.h"

namespace seki::proxy {

struct Frontend {
    enum class Outcome : uint8_t {
        forward,
        redirect,
        deny,
        silence  // the client gets no answer: its connection is closed
    };
    struct Share {
        ClusterPtr cluster;
        uint32_t weight = 0;
    };

    Outcome outcome = Outcome::forward;
    ClusterPtr cluster;            // null: see `split`; if that is empty too, requests are refused (401)
    std::vector<Share> split;      // requests go to each in proportion to its weight
    uint32_t split_weight = 0;     // of all shares; > 0 when there are some
    std::string tags;              // "k=v, k2=v2", for the access log
    observe::AccessTags tag_list;  // the same one by one

    bool auth_required = false;
    uint16_t redirect_status = 0;                 // where it answers by itself
    std::optional<http::Scheme> redirect_scheme;  // absent: the one that the request has
    // Of that status; null: as the cluster and the listener have it.
    std::unique_ptr<const http::AnswerTemplate> redirect_template;

    Rewrite rewrite_host;
    Rewrite rewrite_path;
    uint16_t rewrite_port = 0;  // 0: as it is
    FieldEdits request_edits;
    FieldEdits response_edits;
    TimeoutOverrides timeouts;
    std::optional<Hsts> hsts;  // absent: as the listener has it

    [[nodiscard]] bool rewrites() const noexcept {
        return !rewrite_host.empty() || !rewrite_path.empty() || rewrite_port != 0;
    }
};
using FrontendPtr = std::shared_ptr<const Frontend>;

}  // namespace seki::proxy
