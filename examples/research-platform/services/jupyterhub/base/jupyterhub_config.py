c.JupyterHub.hub_bind_url = "http://:8081"
c.JupyterHub.cleanup_servers = False
c.KubeSpawner.cpu_guarantee = 0.5
c.KubeSpawner.mem_guarantee = "1G"
c.Spawner.default_url = "/lab"
