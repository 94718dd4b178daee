#pragma once

// `frontend` sections, and the frontend's part of `listen`: listeners, and the sites that the rules make there.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "convert/haproxy/backends.h"
#include "convert/haproxy/rules.h"

namespace seki::convert::haproxy {

// What `global` says of all.
struct Defaults {
    std::string certificate_folder;
    std::string authority_folder;
    bool only_tls13 = false;
};

class Frontends {
public:
    Frontends(Model& model, Backends& backends, const Files& files, const Defaults& defaults, Remarks& remarks)
        : model_(model), backends_(backends), files_(files), defaults_(defaults), remarks_(remarks) {}

    void add(const Section& section);

private:
    struct Place {
        std::string address;
        uint16_t port = 0;
        bool secure = false;
        std::vector<std::string> certificates;
    };

    std::vector<Place> bind(const Section& section, const Line& line, size_t at, bool tcp);
    std::vector<std::pair<std::string, uint16_t>> addresses_of(const Line& line, std::string_view text,
                                                               bool both_families);
    void apply_options(const Line& line, size_t begin, Listener& listener, Place& place, bool tcp);
    size_t apply_option(const Line& line, size_t at, Listener& listener, Place& place);
    std::vector<std::string> certificates_of(const Line& line, std::string_view path);
    void settings(const Section& section, Listener& listener);
    void add_sites(const Section& section, const Place& place);
    void add_tcp(const Section& section, const Place& place);
    void name_cookie(const Section& section, Rules& rules, Listener& listener);

    Model& model_;
    Backends& backends_;
    const Files& files_;
    const Defaults& defaults_;
    Remarks& remarks_;
};

}  // namespace seki::convert::haproxy
