#pragma once

// `backend` sections, and the backend's part of `listen`, as clusters.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/haproxy/section.h"
#include "convert/model.h"

namespace seki::convert::haproxy {

class Backends {
public:
    using Sections = std::vector<std::unique_ptr<Section>>;
    Backends(const Sections& sections, Model& model, Remarks& remarks)
        : sections_(sections), model_(model), remarks_(remarks) {}

    // The section of that name; null: there is none.
    [[nodiscard]] const Section* find(std::string_view name) const;
    // Makes the cluster where it is not there yet. `port` is that of servers which name none. False where it has no
    // server that Seki could ask, which is told.
    bool make(const Section& section, bool tcp, uint16_t port);
    // The cookie by which clients stay with a server of the section; empty: none.
    [[nodiscard]] static std::string sticky_name(const Section& section);

private:
    void settings(const Section& section, Cluster& cluster);
    void balance(const Section& section, Cluster& cluster);
    void sticky(const Section& section, Cluster& cluster);
    void check(const Section& section, Cluster& cluster);
    void add_server(const Section& section, const Line& line, Cluster& cluster, uint16_t port);
    void apply_options(const Line& line, size_t begin, Cluster& cluster, Backend& backend);
    size_t apply_option(const Line& line, size_t at, Cluster& cluster, Backend& backend);
    void secure(const Line& line, Cluster& cluster, size_t at);

    const Sections& sections_;
    Model& model_;
    Remarks& remarks_;
    bool checked_ = false;
};

}  // namespace seki::convert::haproxy
