#include "config/strict_verb.h"
#include "ctl/verbs/verbs.h"

namespace seki::ctl {
namespace {

void identity_options(Verb& verb) {
    verb.value("-i,--id", "cluster_id", "Cluster that the backend belongs to").required();
    verb.value("--backend-id", "backend_id", "Id of the backend").required();
    address_option(verb, "Address of the backend");
}

// On the wire a weight of 0 is none that was given (config::weight_of); here somebody meant it.
Result<> no_weight_of_zero(const command::Request& request) {
    if (request.add_backend().load_balancing_parameters().weight() != 0) return {};
    return failure("--weight: 0 is no weight; --state drain or maintenance is for a backend without traffic");
}

Result<> finish_add(command::Request& request, const Verb&) {
    if (auto fits = no_weight_of_zero(request); !fits) return fits;
    config::use_strict_verb(request);
    return {};
}

}  // namespace

void add_backend_verbs(Family& root) {
    Family backend = root.family("backend", "Servers that requests are sent to");

    Verb& add = backend.verb("add", "add_backend { load_balancing_parameters { weight: 100 } }",
                             "Add a backend to a cluster, or change it");
    identity_options(add);
    add.value("--unix-path", "unix_path",
              "Path of a UNIX socket that is connected to in place of the address, or @NAME of an abstract one");
    add.value("-s,--sticky-id", "sticky_id", "Value of the cookie that binds a client to this backend");
    add.value("-b,--backup", "backup", "Use it only when no other backend is left").default_text("false");
    add.value("-w,--weight", "load_balancing_parameters.weight",
              "Share of the requests, relative to the other backends")
        .default_text("100");
    add.value("--state", "state", "What it is used for; see set-state").default_text("ready");
    add.finish(finish_add);

    Verb& remove = backend.verb("remove", "remove_backend {}", "Remove a backend from a cluster");
    identity_options(remove);

    Verb& set_state = backend.verb("set-state", "set_backend_state {}",
                                   "Use a backend (ready), only for clients bound to it (drain), or not at all");
    identity_options(set_state);
    set_state.value("state", "state", "ready, drain or maintenance").required();
}

}  // namespace seki::ctl
