#include <string_view>

#include "config/strict_verb.h"
#include "ctl/fields.h"
#include "ctl/verbs/verbs.h"

namespace seki::ctl {
namespace {

constexpr int max_port = 65'535;

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

// "owner=team-a, tier=gold" into the map field "tags".
Result<> read_tags(command::Request& request, const std::vector<std::string>& values) {
    const FieldRef tags = find_field(payload(request), "tags");
    std::string_view rest = values.front();
    for (size_t comma = 0; comma != std::string_view::npos;) {
        comma = rest.find(',');
        const std::string_view tag = trimmed(rest.substr(0, comma));
        const size_t equals = tag.find('=');
        if (equals == 0 || equals == std::string_view::npos) return failure("'{}' is not NAME=VALUE", tag);
        auto& entry = *tags.owner->GetReflection()->AddMessage(tags.owner, tags.field);
        static_cast<void>(put_text(find_field(entry, "key"), tag.substr(0, equals)));
        static_cast<void>(put_text(find_field(entry, "value"), tag.substr(equals + 1)));
        rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
    return {};
}

// "response=cache-control=no-store"; the value may hold '=' and may be empty.
Result<> read_header(command::Request& request, const std::string& text, command::HeaderMode mode) {
    const auto wrong = failure("'{}' is not POSITION=NAME=VALUE with a position of request, response or both", text);
    const size_t first = text.find('=');
    const size_t second = first == std::string::npos ? first : text.find('=', first + 1);
    if (second == std::string::npos || second == first + 1) return wrong;
    auto& header = add_element<command::Header>(request, "headers");
    const Result<> position = put_text(find_field(header, "position"), text.substr(0, first));
    if (!position || header.position() == command::HEADER_POSITION_UNSPECIFIED) return wrong;
    header.set_key(text.substr(first + 1, second - first - 1));
    header.set_val(text.substr(second + 1));
    if (mode != command::ADD) header.set_mode(mode);
    return {};
}

void header_option(Verb& verb, const std::string& name, command::HeaderMode mode, const std::string& help) {
    verb.option(name, "POSITION=NAME=VALUE", help,
                [mode](command::Request& request, const auto& values) -> Result<> {
                    for (const std::string& value : values) {
                        const Result<> read = read_header(request, value, mode);
                        if (!read) return read;
                    }
                    return {};
                })
        .repeatable();
}

Result<> read_template(command::Request& request, const std::vector<std::string>& values) {
    const Result<std::string> text = text_or_file(values.front());
    if (!text) return std::unexpected(text.error());
    return put_text(find_field(payload(request), "redirect_template"), *text);
}

// "a=90,b=10"; the id of a cluster may hold '='.
Result<> read_split(command::Request& request, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
        for (const std::string& text : comma_separated(value)) {
            const size_t equals = text.rfind('=');
            if (equals == 0 || equals == std::string::npos) return failure("'{}' is not CLUSTER=WEIGHT", text);
            auto& share = add_element<command::ClusterShare>(request, "split");
            share.set_cluster_id(text.substr(0, equals));
            const Result<> weight = put_text(find_field(share, "weight"), text.substr(equals + 1));
            if (!weight) return weight;
        }
    }
    return {};
}

void tags_option(Verb& verb) {
    verb.option("--tags", "NAME=VALUE,…", "Shown in the access log with every request", read_tags);
}

Option path_option(Verb& verb, const std::string& names, command::PathRuleKind kind, const std::string& help) {
    return verb.option(names, "TEXT", help, [kind](command::Request& request, const auto& values) {
        static_cast<void>(put_text(find_field(payload(request), "path.kind"), command::PathRuleKind_Name(kind)));
        return put_text(find_field(payload(request), "path.value"), values.front());
    });
}

// What tells one HTTP frontend from another.
void http_identity(Verb& verb) {
    address_option(verb, "Address of the listener");
    verb.value("--hostname,--host", "hostname", "Host name; may begin with '*.', hold /regular expressions/, or be '*'")
        .required();
    const Option prefix =
        path_option(verb, "-p,--path-prefix", command::PREFIX, "Paths that begin with this; the default is all");
    const Option regex = path_option(verb, "--path-regex", command::REGEX, "Paths that match this regular expression");
    const Option equals = path_option(verb, "--path-equals", command::EQUALS, "This path alone");
    prefix.excludes(regex).excludes(equals);
    regex.excludes(equals);
    verb.value("-m,--method", "method", "Only requests of this method");
    condition_options(verb);
}

struct Targets {
    const Verb& id;
    const Verb& deny;

    [[nodiscard]] bool chosen() const { return id.chosen() || deny.chosen(); }
};

Targets target_words(Verb& verb) {
    Verb& id = verb.word("id", "Send requests to a cluster");
    id.value("cluster", "cluster_id", "Id of the cluster").required();
    const Verb& deny = verb.word("deny", "Refuse requests with 401");
    verb.words_are_optional();
    return {id, deny};
}

void split_option(Verb& verb) {
    verb.option("--split", "CLUSTER=WEIGHT,…", "Several clusters by weight, in place of one", read_split).repeatable();
}

// Where requests go: to one cluster, to several, or nowhere.
void http_target(Verb& verb) {
    split_option(verb);
    verb.finish([targets = target_words(verb)](command::Request& request, const Verb& spoken) -> Result<> {
        const bool split = spoken.given("--split");
        if (split && targets.chosen()) return failure("--split excludes id and deny");
        if (!split && !targets.chosen()) return failure("one of these must follow: id, deny; or --split must be given");
        config::use_strict_verb(request);
        return {};
    });
}

// The same, if it is to be another.
void new_http_target(Verb& verb) {
    split_option(verb);
    verb.finish([targets = target_words(verb)](command::Request& request, const Verb& spoken) -> Result<> {
        if (spoken.given("--split") && targets.chosen()) return failure("--split excludes id and deny");
        if (!targets.deny.chosen()) return {};
        for (const char* target : {"cluster_id", "split"}) {
            static_cast<void>(put_text(find_field(payload(request), "reset"), target));
        }
        return {};
    });
}

void http_treatment(Verb& verb, bool show_defaults) {
    tags_option(verb);
    verb.value("--position", "position", "Before (pre), among or behind (post) the rules that are found by host name")
        .default_text(show_defaults ? "tree" : "");
    verb.value("--redirect", "redirect", "What happens to requests").default_text(show_defaults ? "forward" : "");
    verb.value("--redirect-scheme", "redirect_scheme", "Scheme in redirects")
        .default_text(show_defaults ? "use_same" : "");
    verb.option("--redirect-template", "TEXT|file://PATH", "Answer of its own in place of the built-in redirect",
                read_template);
    verb.value("--rewrite-host", "rewrite_host", "Host name that the backend sees; may use captures");
    verb.value("--rewrite-path", "rewrite_path", "Path that the backend sees; may use captures");
    verb.value("--rewrite-port", "rewrite_port", "Port in redirects and in the Host that backends get")
        .within(1, max_port);
    header_option(verb, "--header", command::ADD,
                  "Add a header to the request, the response or both; an empty value removes it; may be repeated");
    header_option(verb, "--replace-header", command::REPLACE, "The same, in place of headers of that name");
    for (const std::string limit : {"front", "back", "connect", "tunnel"}) {
        verb.value("--" + limit + "-timeout", limit + "_timeout",
                   "Seconds, in place of the cluster's and the listener's");
    }
    hsts_options(verb);
}

constexpr const char* auth_help = "Only for users whom the cluster knows (see cluster add --authorized-hash)";

void http_update_options(Verb& update) {
    http_identity(update);
    http_treatment(update, false);
    on_off_flags(update, "--required-auth", "--no-required-auth", "required_auth", auth_help);
    update.value(
        "--reset", "reset",
        "Settings that become as if they had never been given, as the protocol calls them: headers,back_timeout");
    new_http_target(update);
}

void add_http(Family& frontend, const std::string& kind, const std::string& what) {
    Family family = frontend.family(kind, "Routes of " + what + " requests to clusters");
    const std::string rule = R"(_frontend { path { kind: PREFIX value: "" } position: TREE })";
    Verb& add = family.verb("add", "add_" + kind + rule, "Add a frontend: requests that match it go to a cluster");
    http_identity(add);
    http_treatment(add, true);
    add.flag("--required-auth", "required_auth", auth_help);
    http_target(add);
    const std::string same_rule = R"(_frontend { path { kind: PREFIX value: "" } })";
    http_update_options(family.verb("update", "update_" + kind + same_rule,
                                    "Change what is given, keep the rest; no request finds it missing meanwhile"));
    Verb& remove = family.verb("remove", "remove_" + kind + rule, "Remove a frontend");
    http_identity(remove);
    target_words(remove);
    remove.finish([](command::Request& request, const Verb&) {
        config::use_strict_verb(request);
        return Result<>{};
    });
}

void add_stream(Family& frontend, const std::string& kind, const std::string& what) {
    Family family = frontend.family(kind, "Ways of " + what + " to clusters");
    for (const std::string verb_name : {"add", "remove"}) {
        Verb& verb =
            family.verb(verb_name, verb_name + "_" + kind + "_frontend {}",
                        verb_name == "add" ? "Send what a listener receives to a cluster" : "Remove a frontend");
        verb.value("-i,--id", "cluster_id", "Id of the cluster").required();
        address_option(verb, "Address of the listener");
        if (verb_name == "add") tags_option(verb);
    }
}

}  // namespace

void add_frontend_verbs(Family& root) {
    Family frontend = root.family("frontend", "Routing rules: which requests go to which cluster");
    add_http(frontend, "http", "HTTP");
    add_http(frontend, "https", "HTTPS");
    add_stream(frontend, "tcp", "TCP connections");
    add_stream(frontend, "udp", "UDP datagrams");

    Verb& list = frontend.verb("list", "list_frontends {}", "Show frontends; without an option, all");
    list.flag("--http", "http", "HTTP frontends");
    list.flag("--https", "https", "HTTPS frontends");
    list.flag("--tcp", "tcp", "TCP and UDP frontends");
    list.value("-d,--domain", "domain", "Only frontends whose host name contains this");
    list.value("-i,--id", "cluster_id", "Only frontends of this cluster");
}

}  // namespace seki::ctl
