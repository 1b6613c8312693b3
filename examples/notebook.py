# %% [markdown]
# # From texts to recommendations
#
# A notebook in the percent format: Jupyter (by jupytext), VS Code and Spyder open it as cells; `python3 examples/notebook.py` runs it
# as it is. Lines that begin with `#>` are what the cell above prints; tests/python/test_notebook.py holds them against it.

# %%
import pathlib

import semid

shop = pathlib.Path(__file__).parent / "shop.tsv"

# %% [markdown]
# ## SIDs
# Texts become vectors by the built-in encoder, vectors become SIDs: one code a level, coarse to fine.

# %%
catalog = semid.Catalog.fit(shop, path="catalog", levels=2, codes=8, encoder_dim=32)
print(len(catalog), catalog.info.codes, catalog.report()["unique_rate"])
#> 64 (8, 8) 0.375

# %% [markdown]
# ## What they mean
# Items below one prefix are of one kind; a label says what they have in common.

# %%
for label in catalog.labels(1)[:4]:
    print(label.prefix, label.items, label.words)
#> 0 17 coffee, mugs, ml
#> 1 15 chocolate bar, hand soap, body
#> 2 8 pens, paper, fountain pen
#> 3 7 hard cover, notebooks, folio

# %% [markdown]
# ## Neighbours

# %%
first = next(iter(catalog))
print(first, catalog[first].title)
for hit in catalog.neighbors(first, k=3):
    print(hit.shared, hit.title)
#> tea-01 Green tea with mint, loose leaf, 100 g
#> 2 Green tea sencha, loose leaf, 100 g
#> 2 Black tea Assam, loose leaf, 250 g
#> 1 White tea with jasmine, loose leaf, 50 g

# %% [markdown]
# ## What comes next
# Users here go through the shop item by item; a model learns that from their events.

# %%
items = list(catalog)
events = [(f"user-{u}", items[(5 * u + step) % len(items)], step) for u in range(40) for step in range(6)]
model = semid.Model.train("itemknn", events=events, catalog=catalog)
[found] = model.recommend(items[:2], k=1)
print(items[:2], "->", found.item_id)
measured = model.evaluate(events, k=1, bootstrap=0)
print({row["family"]: round(row["metrics"]["recall@1"], 2) for row in [measured, *measured["baselines"]]})
#> ['tea-01', 'tea-02'] -> tea-03
#> {'itemknn': 1.0, 'pop': 0.03, 'last': 1.0}

# %% [markdown]
# ## A page to look at

# %%
print(catalog.page("health.html") > 10000)
#> True
