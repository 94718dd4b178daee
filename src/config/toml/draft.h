#pragma once

// The changes that a file stands for. Each passes the validator when it is gathered. When all are there, they are tried
// on a state that is thrown away, so that a file in which two things exclude each other is refused when it is read, not
// when it is applied; and what they lead to that may not have been meant (consequences.h) is a warning where it was
// written.

#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "config/consequences.h"
#include "config/state.h"
#include "config/toml/file.h"
#include "config/toml/table.h"

namespace seki::config {

// A field of the schema that stands in the file under another key.
struct Alias {
    std::string_view field;
    std::string_view key;
};

class Draft {
public:
    // All outlive this. `activates`: the listeners of the file will listen.
    Draft(const FileConfig& globals, const ReadFile& read_file, const ResolveHost& resolve, bool activates)
        : globals_(globals), read_file_(read_file), resolve_(resolve), activates_(activates) {}

    struct Listener {
        command::ListenerType type;
        bool expect_proxy;
        uint32_t line;
    };

    // Listeners come before everything that refers to them, whenever they are added.
    // Whether it passed.
    bool add_listener(TableReader& table, const SocketAddress& address, Listener listener, command::Request request);
    // Certificates come next. Where many tables name the same files, the first one adds them.
    void add_certificate(TableReader& table, command::Request request);
    void add(TableReader& table, command::Request request, std::initializer_list<Alias> aliases = {});
    // Says what is wrong with a change that will not be added for another reason.
    void judge(TableReader& table, command::Request request);

    // A listener of the file could not be understood, and may be the one that is meant elsewhere.
    void lose_listener() noexcept { lost_listener_ = true; }
    [[nodiscard]] bool has_lost_listener() const noexcept { return lost_listener_; }

    // The listener that was added at this address, whether or not it passed; nothing when there was none.
    [[nodiscard]] const Listener* find_listener(const SocketAddress& address) const;

    // All clusters of the file are remembered before the first one is read.
    void remember_cluster(std::string_view id) { clusters_.push_back(id); }
    [[nodiscard]] std::span<const std::string_view> clusters() const noexcept { return clusters_; }

    // Timeouts of listeners that name none.
    [[nodiscard]] const FileConfig& globals() const noexcept { return globals_; }
    // For texts that stand in files of their own; relative paths begin where the configuration file is.
    [[nodiscard]] const ReadFile& read_file() const noexcept { return read_file_; }

    // The addresses of a host, sorted and each once; every host is looked up once.
    const Result<std::vector<IpAddress>>& addresses_of(const std::string& host);

    // Once, when all have been added.
    void try_out(Diagnostics& diagnostics);
    std::vector<Checked<command::Request>> take();

private:
    struct Entry {
        Checked<command::Request> change;
        TablePlace table;
    };
    struct Found {
        const Entry* by;
        Consequence consequence;
    };

    void must_not_overlap(TableReader& table, const SocketAddress& address) const;
    std::optional<Checked<command::Request>> check_all(TableReader& table, command::Request request,
                                                       std::initializer_list<Alias> aliases);
    bool apply(const Entry& entry, Diagnostics& diagnostics);
    [[nodiscard]] const Entry* first_like(const Entry& entry) const;
    template <typename Belongs>
    void apply_clusters(Diagnostics& diagnostics, Belongs belongs);
    void find_unserved_clusters();
    void find_failing_listeners();

    const FileConfig& globals_;
    const ReadFile& read_file_;
    const ResolveHost& resolve_;
    std::map<std::string, Result<std::vector<IpAddress>>, std::less<>> hosts_;
    bool activates_;
    bool lost_listener_ = false;
    std::vector<std::string_view> clusters_;
    std::map<SocketAddress, Listener> listeners_;
    std::vector<Entry> listener_changes_;
    std::vector<Entry> certificate_changes_;
    std::set<CertificateKey> certificates_;
    std::vector<Entry> cluster_changes_;
    State trial_;
    std::vector<Found> found_;
};

}  // namespace seki::config
