#pragma once

// The families of verbs. Each adds its part of the command tree; together they are the whole command line. Spellings,
// options and defaults are those of the `sozu` program, so that scripts written for it keep working; what Seki adds is
// marked in docs/cli.md.

#include <google/protobuf/message.h>
#include <string>
#include <string_view>

#include "base/check.h"
#include "ctl/fields.h"
#include "ctl/verb.h"

namespace seki::ctl {

void add_process_verbs(Family& root);      // start, shutdown, upgrade, status, logging, reload, config,
                                           // fmt, completions, man
void add_convert_verbs(Family& root);      // convert
void add_init_verb(Family& root);          // init
void add_state_verbs(Family& root);        // state
void add_observation_verbs(Family& root);  // events, metrics, sessions
void add_limit_verbs(Family& root);        // connection-limit
void add_cluster_verbs(Family& root);      // cluster
void add_backend_verbs(Family& root);      // backend
void add_frontend_verbs(Family& root);     // frontend
void add_listener_verbs(Family& root);     // listener
void add_certificate_verbs(Family& root);  // certificate, ticket-secret

// ---- option groups that several families share

// -a,--address IP:PORT
Option address_option(Verb& verb, const std::string& help);
// --answer CODE=BODY or CODE=file://PATH, into the map "answers"; may be repeated.
void answers_option(Verb& verb);
// The five --hsts-…; the policy goes to the field "hsts".
void hsts_options(Verb& verb);
// The content of a file goes to a field.
Option file_option(Verb& verb, const std::string& names, const std::string& path, const std::string& help);
// The blocks of PEM with this label in a file, or in several ones, go to a list, each on its own; or certificates.
Option blocks_option(Verb& verb, const std::string& name, const std::string& path, std::string_view label,
                     const std::string& help);
Option chain_option(Verb& verb, const std::string& name, const std::string& path, const std::string& help);
// What an HTTPS listener has beyond one of HTTP, when it is added and when it is changed.
void tls_add_options(Verb& add);
void tls_update_options(Verb& update);
// TLS towards the backends of a cluster.
void backend_tls_options(Verb& add);
// A flag and its contrary.
void on_off_flags(Verb& verb, const std::string& on, const std::string& off, const std::string& path,
                  const std::string& help);
// What requests an HTTP frontend is for, beyond host, path and method: --match-header, --source-allow and the like.
void condition_options(Verb& verb);

// ---- values that several verbs read

// One more message in a repeated field of the request.
template <typename Element>
Element& add_element(command::Request& request, std::string_view field) {
    const FieldRef list = find_field(payload(request), field);
    auto* added = google::protobuf::DynamicCastToGenerated<Element>(
        list.owner->GetReflection()->AddMessage(list.owner, list.field));
    SEKI_CHECK(added != nullptr);
    return *added;
}

// The text itself, or what the file has that "file://PATH" names.
Result<std::string> text_or_file(const std::string& value);

}  // namespace seki::ctl
