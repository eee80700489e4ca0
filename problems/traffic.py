"""Traffic engineering: route given demands so that the largest link load is least,  min over routings of max_e x_e/c_e.

x_e is the flow on the directed link e, c_e its capacity. The routings are a polytope with exponentially many vertices,
one for each choice of a path for every demand; nobody lists them, but shortest paths find the best one for any prices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import breadth_first_tree, depth_first_order, dijkstra

import smoothmax as sm
from problems.case import Case
from problems.tables import rows

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
PIECE, PIECES = 50, 160  # see Routing
OPTIMUM = 0.5739869130983813  # of Abilene
OPTIMA = {"abilene": OPTIMUM, "nsfnet": 0.44719544198122185, "cost239": 0.5338078291814946}  # in units of capacity
TOPOLOGY = {
    "abilene": "Internet2 2005 (Topology Zoo)",
    "nsfnet": "the NSFNET T1 backbone as drawn in the literature, 14 nodes and 21 links",
    "cost239": "M. J. O'Mahony, Results from the COST 239 project, ECOC 1996",
}


@dataclass(frozen=True, eq=False)
class Network:
    """Directed links tail → head with capacities, and the demand from each of the sources to every node."""

    tail: Ints
    head: Ints
    capacity: Floats  # (E,)
    sources: Ints  # (S,)
    demand: Floats  # (S, N), zero from a source to itself

    @property
    def nodes(self) -> int:
        """N."""
        return int(self.demand.shape[1])

    @property
    def links(self) -> int:
        """E."""
        return int(self.tail.size)


class Routing:
    """All ways of routing the demands of a network, as link flows x (E,): X = Σ over the pieces of their own flows.

    A piece is the demand from one source to some of its destinations, neighbours in the tree of fewest links; `pieces`
    of them a source, unless given so many that one holds about PIECE destinations and all of them are at most PIECES.
    Any cut gives the same X; a fine one has far fewer vertices to a summand.
    """

    def __init__(self, network: Network, pieces: int | None = None) -> None:
        self.network, self.d = network, network.links
        self.pieces = pieces or max(1, min(network.nodes // PIECE, PIECES // network.sources.size))
        n = network.nodes
        self._order = np.lexsort((network.head, network.tail))
        counts = np.bincount(network.tail, minlength=n)
        self._indptr = np.concatenate([[0], np.cumsum(counts)])
        self._key = network.tail[self._order] * n + network.head[self._order]
        if np.any(np.diff(self._key) == 0):
            raise ValueError("links must be given once each; two have the same ends")
        self._piece = self._cut()

    def lmo(self, c: Floats) -> Floats:
        """Every demand along a shortest path for the link lengths c ≥ 0."""
        return np.asarray(self.parts(c).sum(axis=0)).ravel()

    def parts(self, c: Floats) -> Any:
        """The same piece by piece, (S·pieces, E) sparse: demands flow down their source's tree of shortest paths."""
        net, B = self.network, self.pieces
        n, S = net.nodes, net.sources.size
        pred = dijkstra(self._graph(np.maximum(c, 0.0)), indices=net.sources, return_predecessors=True)[1]
        flow, depth = np.where(self._piece[..., None] == np.arange(B), net.demand[..., None], 0.0), _depths(pred)
        if np.any((depth < 0) & (net.demand > 0)):
            raise ValueError("a demand has no path in the network")
        by_depth = np.argsort(depth, axis=None, kind="stable")
        ends = np.searchsorted(depth.ravel()[by_depth], np.arange(depth.max() + 2))
        s, v = np.divmod(by_depth, n)
        for level in range(depth.max(), 0, -1):  # leaves first: what a node receives, its predecessor has sent
            here = slice(ends[level], ends[level + 1])
            np.add.at(flow, (s[here], pred[s[here], v[here]]), flow[s[here], v[here]])
        flow[np.arange(S), net.sources] = 0.0
        s, v, b = np.nonzero(flow)
        links = self._order[np.searchsorted(self._key, pred[s, v].astype(np.intp) * n + v)]
        return sp.csr_array((flow[s, v, b], (s * B + b, links)), shape=(S * B, self.d))

    def _graph(self, lengths: Floats) -> Any:
        n = self.network.nodes
        return sp.csr_array((lengths[self._order], self.network.head[self._order], self._indptr), shape=(n, n))

    def _cut(self) -> Ints:
        """The piece of each destination, (S, N): equal demands, in depth-first order of a tree of fewest links."""
        net, graph = self.network, self._graph(np.ones(self.d))
        piece = np.zeros(net.demand.shape, np.intp)
        for k, source in enumerate(net.sources if self.pieces > 1 else ()):
            tree = breadth_first_tree(graph, source)
            order = depth_first_order(tree, source, return_predecessors=False)
            share = np.cumsum(net.demand[k, order]) / (net.demand[k].sum() or 1.0)
            piece[k, order] = np.minimum(self.pieces * share, self.pieces - 1)
        return piece


def _depths(pred: NDArray[np.int32]) -> NDArray[np.int16]:
    """Links between each node and its source in trees of predecessors (S, N); −1 where there is no path."""
    n = pred.shape[1]
    above = np.where(pred < 0, np.arange(n), pred)
    depth = (pred >= 0).astype(np.int16)
    while True:  # pointers are doubled: every node learns the depth of the node 1, 2, 4, … above it
        more = np.take_along_axis(depth, above, axis=1)
        if not more.any():
            break
        depth += more
        above = np.take_along_axis(above, above, axis=1)
    return depth


def load(network: Network) -> sm.Minimax:
    """min over routings of the largest link load x_e/c_e."""
    return sm.Minimax(sm.Affine(sp.diags_array(1.0 / network.capacity)), Routing(network))


def edge_flow(network: Network) -> tuple[Floats, sp.csr_array, Floats, sp.csr_array, Floats]:
    """(c, A_eq, b_eq, A_ub, b_ub) of the linear program in the flows of each source on each link, and t ≥ every load.

    S·E + 1 variables; a source sends its demands, and every node keeps what is meant for it:
    Σ_in x − Σ_out x = demand (minus all of it at the source).
    """
    E, n, S = network.links, network.nodes, network.sources.size
    ones = np.ones(E)
    incidence = sp.coo_array(
        (np.r_[ones, -ones], (np.r_[network.head, network.tail], np.r_[np.arange(E), np.arange(E)])), shape=(n, E)
    )
    keeps = network.demand.copy()
    keeps[np.arange(S), network.sources] -= network.demand.sum(axis=1)
    A_eq = sp.hstack([sp.block_diag([incidence] * S), sp.coo_array((n * S, 1))], format="csr")
    A_ub = sp.hstack([sp.kron(np.ones((1, S)), sp.diags_array(1.0 / network.capacity)), -np.ones((E, 1))], format="csr")
    return np.r_[np.zeros(E * S), 1.0], A_eq, keeps.ravel(), A_ub, np.zeros(E)


def backbone(name: str, capacity: float, total: float) -> Network:
    """A published backbone, every link of the same capacity; demands are synthetic and add up to the total.

    A gravity model: the demand between two nodes is proportional to the product of their masses, whole numbers drawn
    with seed 0.
    """
    ends = [(row["from"], row["to"]) for row in rows(f"{name}.csv")]
    names = sorted({name for pair in ends for name in pair})
    pairs = np.array([[names.index(a), names.index(b)] for a, b in ends])
    mass = np.random.default_rng(0).integers(1, 10, len(names)).astype(float)
    demand = np.outer(mass, mass)
    np.fill_diagonal(demand, 0.0)
    return both_ways(pairs, np.full(len(pairs), capacity), np.arange(len(names)), total * demand / demand.sum())


def abilene() -> Network:
    """The Abilene backbone of 2005: 11 nodes, 28 directed links of 9.92 Gbit/s (OC-192), 40 Gbit/s to carry."""
    return backbone("abilene", 9.92, 40.0)


def nsfnet() -> Network:
    """The NSFNET T1 backbone: 14 nodes, 42 directed links of 1.544 Mbit/s, 10 Mbit/s to carry."""
    return backbone("nsfnet", 1.544, 10.0)


def cost239() -> Network:
    """The pan-European network of COST 239: 11 capitals, 52 directed links of 40 Gbit/s (made up), 500 to carry."""
    return backbone("cost239", 40.0, 500.0)


def both_ways(pairs: Ints, capacity: Floats, sources: Ints, demand: Floats) -> Network:
    """Every undirected link as two directed ones of the same capacity."""
    tail, head = np.r_[pairs[:, 0], pairs[:, 1]], np.r_[pairs[:, 1], pairs[:, 0]]
    return Network(tail, head, np.r_[capacity, capacity], sources, demand)


def synthetic(kind: str, nodes: int, sources: int, seed: int = 0) -> Network:
    """Synthetic: a random network by networkx, planned for one gravity model and met by another.

    kind is "small-world" (Watts–Strogatz, 4 neighbours, a tenth rewired), "scale-free" (Barabási–Albert, 2 links a
    node), "geometric" (about 8 neighbours in the unit square), "waxman" (links between near nodes are likelier),
    "regular" (4 neighbours) or "grid" (a square one of about so many nodes). Its largest biconnected part is kept.
    Masses are lognormal; capacities are powers of two that carry the planned demands along shortest paths by hops; the
    demands that come are the planned ones times lognormal noise of σ = ½.
    """
    import networkx as nx  # only here: the catalogue itself does without

    make = {
        "small-world": lambda: nx.connected_watts_strogatz_graph(nodes, 4, 0.1, seed=seed),
        "scale-free": lambda: nx.barabasi_albert_graph(nodes, 2, seed=seed),
        "geometric": lambda: nx.random_geometric_graph(nodes, np.sqrt(8 / (np.pi * nodes)), seed=seed),
        "waxman": lambda: nx.waxman_graph(nodes, beta=min(1.0, 40 / nodes), alpha=0.2, seed=seed),
        "regular": lambda: nx.random_regular_graph(4, nodes, seed=seed),
        "grid": lambda: nx.grid_2d_graph(round(nodes**0.5), round(nodes**0.5)),
    }
    if kind not in make:
        raise ValueError(f"kind must be one of {', '.join(map(repr, make))}; got {kind!r}")
    graph = make[kind]()
    graph = nx.convert_node_labels_to_integers(graph.subgraph(max(nx.biconnected_components(graph), key=len)))
    pairs, n, rng = np.array(graph.edges()), graph.number_of_nodes(), np.random.default_rng(seed)
    chosen = np.sort(rng.choice(n, min(sources, n), replace=False))
    mass = rng.lognormal(size=n)
    planned = np.outer(mass[chosen], mass)
    planned[np.arange(chosen.size), chosen] = 0.0
    planned /= planned.sum()
    half = len(pairs)
    flows = Routing(both_ways(pairs, np.ones(half), chosen, planned)).lmo(np.ones(2 * half))
    flows = np.maximum(flows[:half], flows[half:])
    unit = float(np.median(flows[flows > 0]))
    capacity = unit * 2.0 ** np.ceil(np.log2(np.maximum(flows / unit, 1.0)))
    comes = planned * rng.lognormal(sigma=0.5, size=planned.shape)
    return both_ways(pairs, capacity, chosen, comes / comes.sum())


def cases() -> Iterator[Case]:
    """Three backbones; their optima by the edge-flow linear program (HiGHS), which tests solve again."""
    for make in (abilene, nsfnet, cost239):
        name, problem = make.__name__, load(make())
        source = f"topology: {TOPOLOGY[name]}; demands synthetic; optimum by the edge-flow LP (HiGHS)"
        yield Case(name, problem, problem.start(), OPTIMA[name], source)
