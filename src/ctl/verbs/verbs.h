#pragma once

// The families of verbs. Each adds its part of the command tree; together they are the whole command line. Spellings,
// options and defaults are those of the `sozu` program, so that scripts written for it keep working; what Seki adds is
// marked in docs/cli.md.

#include "ctl/verb.h"

namespace seki::ctl {

void add_process_verbs(Family& root);      // start, shutdown, upgrade, status, logging, reload, config
void add_state_verbs(Family& root);        // state
void add_observation_verbs(Family& root);  // events, metrics, sessions
void add_limit_verbs(Family& root);        // connection-limit
void add_cluster_verbs(Family& root);      // cluster
void add_backend_verbs(Family& root);      // backend
void add_frontend_verbs(Family& root);     // frontend
void add_listener_verbs(Family& root);     // listener
void add_certificate_verbs(Family& root);  // certificate

// ---- option groups that several families share

// -a,--address IP:PORT
CLI::Option* address_option(Verb& verb, const std::string& help);
// The five --hsts-…; the policy goes to the field "hsts".
void hsts_options(Verb& verb);

}  // namespace seki::ctl
