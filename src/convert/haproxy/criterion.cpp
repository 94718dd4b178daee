#include "convert/haproxy/criterion.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/network.h"
#include "config/text.h"
#include "convert/expression.h"
#include "convert/values.h"

namespace seki::convert::haproxy {
namespace {

Atom unknown(std::string why) {
    return {.kind = Atom::Kind::unknown, .text = std::move(why), .path = {}, .networks = {}, .field = {}};
}
Atom certain(bool holds) {
    return {.kind = Atom::Kind::certain, .holds = holds, .text = {}, .path = {}, .networks = {}, .field = {}};
}
Atom named(Atom::Kind kind, std::string text) {
    return {.kind = kind, .text = std::move(text), .path = {}, .networks = {}, .field = {}};
}
Atom of_path(PathKind kind, std::string text) {
    return {.kind = Atom::Kind::path, .text = {}, .path = {kind, std::move(text)}, .networks = {}, .field = {}};
}

// "hdr_beg(host)" in parts, with flags and patterns.
struct Test {
    std::string what;      // "hdr", "path"
    std::string argument;  // "host"
    std::string how;       // "str", "beg", "end", "sub", "dir", "dom", "reg", "found"
    bool any_case = false;
    bool plain = true;  // no converters, no flags that are unknown here
    std::vector<std::string> patterns;
};

Test test_of(std::span<const std::string> words) {
    Test test;
    std::string_view sample = words.front();
    if (const size_t open = sample.find('('); open != std::string_view::npos) {
        const size_t close = std::min(sample.find(')', open), sample.size());
        test.argument = config::lower_case(sample.substr(open + 1, close - open - 1));
        std::string_view converters = close < sample.size() ? sample.substr(close + 1) : std::string_view();
        if (converters == ",lower") test.any_case = true;
        if (!converters.empty() && converters != ",lower") test.plain = false;
        sample = sample.substr(0, open);
    } else if (sample.ends_with(",lower")) {
        test.any_case = true;
        sample.remove_suffix(6);
    } else if (sample.contains(',')) {
        test.plain = false;
    }
    if (sample.starts_with("req.")) sample.remove_prefix(4);
    for (const std::string_view how : {"_beg", "_end", "_sub", "_dir", "_dom", "_reg", "_len", "_cnt", "_val", "_ip"}) {
        if (!sample.ends_with(how)) continue;
        test.how = how.substr(1);
        sample.remove_suffix(how.size());
    }
    test.what = sample;
    bool flags = true;
    for (size_t i = 1; i < words.size(); ++i) {
        if (flags && words[i] == "-i") {
            test.any_case = true;
        } else if (flags && words[i] == "-m" && i + 1 < words.size()) {
            test.how = words[++i];
        } else if (flags && words[i] == "--") {
            flags = false;
        } else if (flags && words[i].size() == 2 && words[i].front() == '-') {
            test.plain = false;
        } else {
            flags = false;
            test.patterns.push_back(words[i]);
        }
    }
    if (test.how.empty()) test.how = "str";
    return test;
}

// "*" stands for one label.
Atom beyond(const std::string& pattern) {
    Atom atom = unknown(fmt::format("hosts with more labels than one before '{}'", pattern));
    atom.beyond = true;
    return atom;
}

std::vector<Atom> hosts_of(const Test& test) {
    std::vector<Atom> atoms;
    const auto add = [&](std::string host) { atoms.push_back(named(Atom::Kind::host, config::lower_case(host))); };
    for (std::string pattern : test.patterns) {
        if (const auto named = host_port(pattern); named && named->port) pattern = named->host;
        if (test.how == "str") {
            add(pattern);
        } else if (test.how == "dom" && pattern.contains('.')) {
            add(pattern);
            add("*." + pattern);
            atoms.push_back(beyond("." + pattern));
        } else if (test.how == "end" && pattern.starts_with('.')) {
            add("*" + pattern);
            atoms.push_back(beyond(pattern));
        } else if (test.how == "end" && pattern.contains('.')) {
            add(pattern);
            add("*." + pattern);
            atoms.push_back(beyond(pattern));
        } else if (test.how == "beg" && !pattern.empty() && pattern != ".") {
            for (std::string& host : hosts_beginning_with(pattern)) add(std::move(host));
        } else if (test.how == "reg") {
            auto host = host_pattern(pattern);
            if (!host) return {unknown(fmt::format("'{}': {}", pattern, host.error().message))};
            add(std::move(*host));
        } else {
            return {unknown(fmt::format("hosts cannot be asked about by '-m {}'", test.how))};
        }
    }
    return atoms;
}

Result<std::string> path_of(const Test& test, const std::string& pattern) {
    const std::string quoted = quoted_expression(pattern);
    if (test.how == "end") return path_expression(quoted + "$", test.any_case);
    if (test.how == "sub") return path_expression(quoted, test.any_case);
    if (test.how == "beg") return path_expression("^" + quoted, test.any_case);
    if (test.how == "str") return path_expression("^" + quoted + "$", test.any_case);
    if (test.how == "dir") {
        std::string_view inner = pattern;
        while (inner.starts_with('/')) inner.remove_prefix(1);
        while (inner.ends_with('/')) inner.remove_suffix(1);
        return path_expression(fmt::format("/{}(?:/|$)", quoted_expression(inner)), test.any_case);
    }
    if (test.how == "reg") return path_expression(pattern, test.any_case);
    return failure("paths cannot be asked about by '-m {}'", test.how);
}

std::vector<Atom> paths_of(const Test& test) {
    std::vector<Atom> atoms;
    for (const std::string& pattern : test.patterns) {
        const bool literal = !test.any_case && pattern.starts_with('/') && !pattern.contains('?');
        if (literal && test.how == "beg") {
            atoms.push_back(pattern == "/" ? of_path(PathKind::any, "") : of_path(PathKind::prefix, pattern));
        } else if (literal && test.how == "str") {
            atoms.push_back(of_path(PathKind::equals, pattern));
        } else {
            auto expression = path_of(test, pattern);
            if (!expression) return {unknown(fmt::format("'{}': {}", pattern, expression.error().message))};
            atoms.push_back(of_path(PathKind::regex, std::move(*expression)));
        }
    }
    return atoms;
}

std::vector<Atom> sources_of(const Test& test) {
    Atom atom = named(Atom::Kind::sources, {});
    for (const std::string& pattern : test.patterns) {
        if (!Network::parse(pattern)) return {unknown(fmt::format("'{}' is no network in numbers", pattern))};
        atom.networks.push_back(pattern);
    }
    return {atom};
}

std::vector<Atom> fields_of(const Test& test, std::string_view list) {
    std::vector<Atom> atoms;
    const auto add = [&](std::string_view kind, const std::optional<std::string>& value) {
        Keys keys;
        keys.text("name", test.argument);
        keys.text("kind", kind);
        if (value) keys.text("value", *value);
        Atom atom = named(Atom::Kind::field, {});
        atom.field = {std::string(list), std::move(keys)};
        atoms.push_back(std::move(atom));
    };
    const std::string_view flag = test.any_case ? "(?i)" : "";
    if (test.how == "found") add("present", {});
    for (const std::string& pattern : test.patterns) {
        const std::string quoted = quoted_expression(pattern);
        if (test.how == "found") break;
        if (test.how == "str" && !test.any_case) {
            add("exact", pattern);
        } else if (test.how == "beg" && !test.any_case) {
            add("prefix", pattern);
        } else if (test.how == "str") {
            add("regex", fmt::format("{}{}", flag, quoted));
        } else if (test.how == "beg") {
            add("regex", fmt::format("{}{}.*", flag, quoted));
        } else if (test.how == "end") {
            add("regex", fmt::format("{}.*{}", flag, quoted));
        } else if (test.how == "sub") {
            add("regex", fmt::format("{}.*{}.*", flag, quoted));
        } else if (test.how == "reg") {
            add("regex", fmt::format("{}.*(?:{}).*", flag, pattern));
        } else {
            return {unknown(fmt::format("fields cannot be asked about by '-m {}'", test.how))};
        }
    }
    return atoms;
}

std::vector<Atom> flags_of(const Test& test) {
    const bool wanted = test.patterns.empty() || test.patterns.front() != "0";
    Atom secure = named(Atom::Kind::secure, {});
    secure.negated = !wanted;
    return {secure};
}

}  // namespace

std::vector<Atom> atoms_of(std::span<const std::string> words) {
    if (words.empty() || words.front().empty()) return {unknown("there is nothing to ask about")};
    const Test test = test_of(words);
    std::vector<Atom> atoms;
    if (!test.plain) return {unknown(fmt::format("'{}' is not known here", words.front()))};
    if ((test.what == "hdr" || test.what == "fhdr") && test.argument == "host") {
        atoms = hosts_of(test);
    } else if (test.what == "ssl_fc_sni") {
        return {unknown("the name of the handshake is not asked about: a request may be for another host")};
    } else if (test.what == "path" || test.what == "pathq" || test.what == "url" || test.what == "uri") {
        if (test.what != "path" && test.how != "beg") return {unknown("queries are not asked about with paths")};
        atoms = paths_of(test);
    } else if (test.what == "method") {
        for (const std::string& method : test.patterns) atoms.push_back(named(Atom::Kind::method, method));
    } else if (test.what == "src") {
        return sources_of(test);
    } else if (test.what == "hdr" || test.what == "fhdr") {
        atoms = fields_of(test, "match_headers");
    } else if (test.what == "cook" || test.what == "hdr_cook") {
        atoms = fields_of(test, "match_cookies");
    } else if (test.what == "url_param" || test.what == "urlp") {
        atoms = fields_of(test, "match_query");
    } else if (test.what == "ssl_fc" || test.what == "is_ssl") {
        return flags_of(test);
    } else if (test.what == "dst_port") {
        for (const std::string& port : test.patterns) {
            if (port != "eq") atoms.push_back(named(Atom::Kind::port, port));
        }
    } else if (test.what == "always_true") {
        return {certain(true)};
    } else if (test.what == "always_false") {
        return {certain(false)};
    } else if (test.what == "http_auth" || test.what == "http_auth_group") {
        return {named(Atom::Kind::password, test.argument)};
    }
    if (atoms.empty()) return {unknown(fmt::format("'{}' is not known here", words.front()))};
    return atoms;
}

}  // namespace seki::convert::haproxy
