#include "convert/writer.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "config/text.h"

namespace seki::convert {
namespace {

std::string_view name_of(Protocol protocol) {
    switch (protocol) {
        case Protocol::http:
            return "http";
        case Protocol::https:
            return "https";
        case Protocol::tcp:
            break;
    }
    return "tcp";
}

// What a comment may hold.
std::string commented(std::string_view text) {
    if (!config::is_utf8(text)) return "?";
    std::string out(text);
    std::ranges::replace_if(out, [](char c) { return config::has_control({&c, 1}); }, ' ');
    return out;
}

class Writer {
public:
    Writer(const Model& model, Keys::Show show) : model_(model), show_(show) {}

    Written write(std::string_view source) {
        append(
            fmt::format("# Made by `seki convert` from {}. What could not be converted was listed then;\n"
                        "# `seki check -c FILE` judges what stands here.\n\n",
                        commented(source)));
        append(model_.global.lines(show_));
        for (size_t i = 0; i < model_.listeners.size(); ++i) listener(i);
        std::map<std::string_view, std::vector<size_t>> frontends_of;
        for (size_t i = 0; i < model_.frontends.size(); ++i) frontends_of[model_.frontends[i].cluster].push_back(i);
        for (size_t i = 0; i < model_.clusters.size(); ++i) {
            cluster(i);
            for (const size_t frontend : frontends_of[model_.clusters[i].id]) this->frontend(frontend);
        }
        return {std::move(text_), std::move(blocks_)};
    }

private:
    void append(std::string_view text) {
        line_ += static_cast<uint32_t>(std::ranges::count(text, '\n'));
        text_ += text;
    }

    void begin(Block block, const Origin& origin) {
        append("\n");
        if (!origin.text.empty())
            append(fmt::format("# {}:{}: {}\n", commented(origin.file), origin.line, commented(origin.text)));
        block.first_line = line_;
        blocks_.push_back(block);
    }
    void end() { blocks_.back().behind_line = line_; }

    void listener(size_t index) {
        const Listener& listener = model_.listeners[index];
        begin({Block::Kind::listener, index}, listener.origin);
        append(fmt::format("[[listeners]]\nprotocol = \"{}\"\naddress = {}\n{}", name_of(listener.protocol),
                           quoted(listener.address), listener.keys.lines(show_)));
        end();
    }

    void cluster(size_t index) {
        const Cluster& cluster = model_.clusters[index];
        begin({Block::Kind::cluster, index}, cluster.origin);
        if (!cluster.comment.empty()) append(fmt::format("# {}\n", cluster.comment));
        const std::string id = key_text(cluster.id);
        append(fmt::format("[clusters.{}]\nprotocol = \"{}\"\n{}", id, cluster.tcp ? "tcp" : "http",
                           cluster.keys.lines(show_)));
        if (cluster.tls) append(fmt::format("\n[clusters.{}.tls]\n{}", id, cluster.tls->lines(show_)));
        end();
        for (size_t i = 0; i < cluster.backends.size(); ++i) {
            const Backend& backend = cluster.backends[i];
            begin({Block::Kind::backend, i, index}, backend.origin);
            append(fmt::format("[[clusters.{}.backends]]\naddress = {}\n{}", id, quoted(backend.address),
                               backend.keys.lines(show_)));
            end();
        }
    }

    void frontend(size_t index) {
        const Frontend& frontend = model_.frontends[index];
        begin({Block::Kind::frontend, index}, frontend.origin);
        append(fmt::format("[[clusters.{}.frontends]]\n{}", key_text(frontend.cluster), frontend.keys.lines(show_)));
        end();
    }

    const Model& model_;
    Keys::Show show_;
    std::string text_;
    uint32_t line_ = 1;
    std::vector<Block> blocks_;
};

}  // namespace

Written write(const Model& model, std::string_view source, Keys::Show show) {
    return Writer(model, show).write(source);
}

}  // namespace seki::convert
