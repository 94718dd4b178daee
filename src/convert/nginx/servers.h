#pragma once

// The `server` blocks of nginx: where they listen, which names they have, and who is asked when nobody's name fits.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "convert/model.h"
#include "convert/nginx/clusters.h"
#include "convert/nginx/scope.h"

namespace seki::convert::nginx {

struct Server {
    const Directive* directive = nullptr;
    const Scope* scope = nullptr;
};

// One address, and the servers that listen there.
struct Address {
    Origin origin;
    std::string text;
    uint16_t port = 0;
    bool secure = false;
    std::vector<Server> servers;
    size_t default_server = 0;
};

class Servers {
public:
    Servers(Model& model, Clusters& clusters, Remarks& remarks)
        : model_(model), clusters_(clusters), remarks_(remarks) {}

    void add(const Server& server);
    // When all are known.
    void finish();

private:
    void listen(const Server& server, const Directive* said);
    void listen_at(const Server& server, const Directive* said, const std::string& host, uint16_t port);
    void apply_option(Address& address, size_t server, const Directive& said, std::string_view option);
    Address& at(const std::string& text, uint16_t port, const Origin& origin);
    void make_listener(const Address& address);
    void secure(Listener& listener, const Address& address);
    void limit(Listener& listener, const Address& address);
    void make_sites(const Address& address);
    void add_site(const Address& address, const Server& server, const std::string& host, const Keys& certificate);
    std::vector<std::string> patterns_of(const Directive& said, std::string_view name);
    Keys certificate_of(const Server& server);

    Model& model_;
    Clusters& clusters_;
    Remarks& remarks_;
    std::vector<Address> addresses_;
};

}  // namespace seki::convert::nginx
