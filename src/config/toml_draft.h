#pragma once

// The changes that a file stands for, while they are gathered. Each passes the door and is tried on a state that is
// thrown away, so that a file in which two things exclude each other is refused when it is read, not when it is
// applied.

#include <initializer_list>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "config/state.h"
#include "config/toml_file.h"
#include "config/toml_table.h"

namespace seki::config {

// A field of the schema that stands in the file under another key.
struct Alias {
    std::string_view field;
    std::string_view key;
};

class Draft {
public:
    explicit Draft(const FileConfig& globals) : globals_(globals) {}

    struct Listener {
        command::ListenerType type;
        bool expect_proxy;
        uint32_t line;
    };

    // Listeners come before everything that refers to them, whenever they are added.
    void add_listener(TableReader& table, command::Request request);
    void add(TableReader& table, command::Request request, std::initializer_list<Alias> aliases = {});
    // Says what is wrong with a change that will not be added for another reason.
    void judge(TableReader& table, command::Request request);

    // What was written at this address, whether or not it passed; nothing when that was no listener.
    [[nodiscard]] const Listener* find_listener(const SocketAddress& address) const;
    void remember_listener(const SocketAddress& address, Listener listener) { listeners_[address] = listener; }

    // Timeouts of listeners that name none.
    [[nodiscard]] const FileConfig& globals() const noexcept { return globals_; }

    std::vector<Checked<command::Request>> take(bool activate);

private:
    std::optional<Checked<command::Request>> check_all(TableReader& table, command::Request request,
                                                       std::initializer_list<Alias> aliases);
    std::optional<Checked<command::Request>> pass(TableReader& table, command::Request request,
                                                  std::initializer_list<Alias> aliases);

    const FileConfig& globals_;
    State trial_;
    std::map<SocketAddress, Listener> listeners_;
    std::vector<Checked<command::Request>> listener_changes_;
    std::vector<Checked<command::Request>> cluster_changes_;
};

}  // namespace seki::config
