#pragma once

// The command line is declared, not coded. A verb begins as a request in protobuf's text format, which holds its
// defaults, and each of its options names the field that it fills:
//
//   Verb& add = family.verb("add", "add_backend {}", "Add a backend to a cluster, or change it");
//   add.value("-i,--id", "cluster_id", "Cluster that the backend belongs to")->required();
//
// The schema tells the types, so help texts, checks and error messages follow from it. CLI11 splits the arguments and
// checks which options are there; values are read here, so that what the operator got wrong stays a value.

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ctl/action.h"
#include "ctl/option.h"

namespace CLI {
class App;
}  // namespace CLI

namespace seki::ctl {

class Verb {
public:
    using Read = std::function<Result<>(command::Request&, const std::vector<std::string>& values)>;
    using Finish = std::function<Result<>(command::Request&, const Verb&)>;
    using Become = std::function<Action(command::Request, const Verb&)>;

    // `request` may be empty for verbs that send none. The app lives as long as the verb.
    Verb(CLI::App& app, std::string_view request);

    // Paths are those below the message of the request's verb ("address" is add_backend.address); "" is the scalar
    // itself. A repeated field takes several values, given at once with commas or by repeating the option.
    Option value(const std::string& names, const std::string& path, const std::string& help);
    Option flag(const std::string& names, const std::string& path, const std::string& help, bool value = true);

    // Options that need more than their field's type to be understood. `values` has one entry for each time the option
    // was given.
    Option option(const std::string& names, const std::string& type, const std::string& help, Read read);
    // Options without a value; `read` runs when it is there.
    Option sign(const std::string& names, const std::string& help, Read read);
    // A word that follows the options ("deny"), with options of its own; exactly one of a verb's words must be there.
    Verb& word(const std::string& name, const std::string& help);
    // … or none, said after the last of them.
    void words_are_optional();

    // Runs after all options: what depends on several of them.
    void finish(Finish finish) { finish_ = std::move(finish); }
    // What the request becomes; without this, Ask.
    void becomes(Become become) { become_ = std::move(become); }

    [[nodiscard]] bool chosen() const;
    [[nodiscard]] bool given(const std::string& option) const;
    [[nodiscard]] std::string text_of(const std::string& option) const;
    [[nodiscard]] std::vector<std::string> texts_of(const std::string& option) const;

    // After parsing. The error's message names the option.
    [[nodiscard]] Result<Action> action() const;

private:
    struct Binding {
        Option option;
        Read read;
    };

    [[nodiscard]] std::string full_path(const std::string& path) const;
    Result<> apply(command::Request& request) const;

    CLI::App* app_;
    command::Request initial_;
    std::string request_name_;  // of the oneof's variant; empty without a request
    std::vector<Binding> bindings_;
    std::vector<std::unique_ptr<Verb>> words_;
    Finish finish_;
    Become become_;
};

// A node of the command tree: "listener", "listener http". Verbs register with the list of all verbs.
class Family {
public:
    Family(CLI::App& app, std::deque<Verb>& all) : app_(&app), all_(&all) {}

    Family family(const std::string& name, const std::string& help);
    Verb& verb(const std::string& name, std::string_view request, const std::string& help);

private:
    CLI::App* app_;
    std::deque<Verb>* all_;
};

// "a,b,c"
std::vector<std::string> comma_separated(std::string_view list);

// The message that the request carries, or the request itself for scalars.
google::protobuf::Message& payload(command::Request& request);

}  // namespace seki::ctl
