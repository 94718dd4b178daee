#include "config/strict_verb.h"

#include <utility>

namespace seki::config {

using command::AddBackend;
using command::HttpsListenerConfig;
using command::Request;
using command::RequestHttpFrontend;
using command::UpdateHttpsListenerConfig;

namespace {

bool recognises_clients(const HttpsListenerConfig& listener) {
    return listener.client_auth() != command::CLIENT_AUTH_NONE || listener.has_client_auth_headers();
}

bool recognises_clients(const UpdateHttpsListenerConfig& update) {
    return update.has_client_auth_policy() || update.has_client_auth_headers();
}

bool looks_at_headers(const RequestHttpFrontend& frontend) { return !frontend.header_predicates().empty(); }

bool answers_nothing(const RequestHttpFrontend& frontend) { return frontend.redirect() == command::SILENT_CLOSE; }

bool is_on_unix_socket(const AddBackend& backend) { return backend.has_unix_path(); }

// A plain verb and a strict one with the same message.
template <typename Message>
struct Pair {
    bool (Request::*has_plain)() const;
    Message* (Request::*plain)();
    bool (Request::*has_strict)() const;
    Message* (Request::*strict)();
    bool (*wants_strict)(const Message&);
};

// The first one of a plain verb that is wanted counts.
template <typename Visit>
void for_each_pair(Visit visit) {
    visit(Pair<HttpsListenerConfig>{&Request::has_add_https_listener, &Request::mutable_add_https_listener,
                                    &Request::has_add_https_listener_with_client_auth,
                                    &Request::mutable_add_https_listener_with_client_auth, recognises_clients});
    visit(Pair<UpdateHttpsListenerConfig>{&Request::has_update_https_listener, &Request::mutable_update_https_listener,
                                          &Request::has_update_https_listener_with_client_auth,
                                          &Request::mutable_update_https_listener_with_client_auth,
                                          recognises_clients});
    visit(Pair<RequestHttpFrontend>{&Request::has_add_http_frontend, &Request::mutable_add_http_frontend,
                                    &Request::has_add_http_frontend_with_header_predicates,
                                    &Request::mutable_add_http_frontend_with_header_predicates, looks_at_headers});
    visit(Pair<RequestHttpFrontend>{&Request::has_remove_http_frontend, &Request::mutable_remove_http_frontend,
                                    &Request::has_remove_http_frontend_with_header_predicates,
                                    &Request::mutable_remove_http_frontend_with_header_predicates, looks_at_headers});
    visit(Pair<RequestHttpFrontend>{&Request::has_add_https_frontend, &Request::mutable_add_https_frontend,
                                    &Request::has_add_https_frontend_with_header_predicates,
                                    &Request::mutable_add_https_frontend_with_header_predicates, looks_at_headers});
    visit(Pair<RequestHttpFrontend>{&Request::has_remove_https_frontend, &Request::mutable_remove_https_frontend,
                                    &Request::has_remove_https_frontend_with_header_predicates,
                                    &Request::mutable_remove_https_frontend_with_header_predicates, looks_at_headers});
    visit(Pair<RequestHttpFrontend>{&Request::has_add_http_frontend, &Request::mutable_add_http_frontend,
                                    &Request::has_add_http_frontend_with_silent_close,
                                    &Request::mutable_add_http_frontend_with_silent_close, answers_nothing});
    visit(Pair<RequestHttpFrontend>{&Request::has_add_https_frontend, &Request::mutable_add_https_frontend,
                                    &Request::has_add_https_frontend_with_silent_close,
                                    &Request::mutable_add_https_frontend_with_silent_close, answers_nothing});
    visit(Pair<AddBackend>{&Request::has_add_backend, &Request::mutable_add_backend, &Request::has_add_unix_backend,
                           &Request::mutable_add_unix_backend, is_on_unix_socket});
}

}  // namespace

void use_plain_verb(Request& request) {
    for_each_pair([&](const auto& pair) {
        if (!(request.*pair.has_strict)()) return;
        auto message = std::move(*(request.*pair.strict)());
        *(request.*pair.plain)() = std::move(message);
    });
}

void use_strict_verb(Request& request) {
    for_each_pair([&](const auto& pair) {
        if (!(request.*pair.has_plain)() || !pair.wants_strict(*(request.*pair.plain)())) return;
        auto message = std::move(*(request.*pair.plain)());
        *(request.*pair.strict)() = std::move(message);
    });
}

}  // namespace seki::config
